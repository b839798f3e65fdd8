// One migrated template per service and state of its migrations, made by whichever worker comes first. It is built under
// another name and renamed when it is complete, so one that exists is whole, however its builder ended.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { migrationsFolder, Migrator } from '@capsule/database';
import pg from 'pg';
import { connectAsSuperuser, type Service } from './database-superuser.js';

const LOCK_POLL_MS = 50;
/** Raised when the supervisor prepares `template1` otherwise, which templates are made from. */
const PREPARATION = '2';

/** @returns the name of a database that holds every migration and no connection */
export async function databaseTemplate(service: Service): Promise<string> {
  const name = `template_${service}_${await fingerprint(migrationsFolder(service))}`;
  const client = await connectAsSuperuser(service);
  try {
    if (await exists(client, name)) return name;
    await lock(client);
    if (!(await exists(client, name))) await build(client, service, name);
    return name;
  } finally {
    await client.end();
  }
}

async function build(client: pg.Client, service: Service, name: string): Promise<void> {
  await dropLeftovers(client, service);
  const { owner } = loadEnvironment(migrationEnvironments[service], process.env);
  const unfinished = `unfinished_${name}`;
  await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${unfinished} OWNER ${pg.escapeIdentifier(owner.user)}`);
  await new Migrator({ ...owner, name: unfinished }, migrationsFolder(service)).migrate();
  await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
}

/** Templates of earlier migrations, and databases of workers that were killed. */
async function dropLeftovers(client: pg.Client, service: Service): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    `SELECT datname FROM pg_database d
     WHERE (datname LIKE $1 OR datname LIKE $2)
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
    [`template\\_${service}\\_%`, `test\\_${service}\\_%`],
  );
  for (const { datname } of rows) {
    const [, pid] = /^test_[a-z]+_(\d+)_\d+$/.exec(datname) ?? [];
    if (pid === undefined || !isAlive(Number(pid))) await client.query(`DROP DATABASE IF EXISTS ${datname}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function lock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query("SELECT pg_try_advisory_lock(hashtext('templates')) AS locked");
    if (rows[0].locked === true) return;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

async function exists(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}

async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256').update(PREPARATION);
  for (const name of (await readdir(folder)).sort()) {
    hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
