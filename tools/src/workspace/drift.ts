/**
 * `node tools/dist/workspace/drift.js <service…>`: migrates an empty database of each service on the test servers and
 * has the service compare its entities with it. Exits with 1 and a line for each difference when they drifted apart.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import pg from 'pg';
import { ensureEnvironmentFile, readEnvironment } from '../supervisor/environment-file.js';
import { holdTestServers } from '../supervisor/hold-test-servers.js';

const workspace = resolve(import.meta.dirname, '../../..');
const chosen = serviceNames.filter((service) => process.argv.slice(2).includes(service));
const scratch = mkdtempSync(join(tmpdir(), 'capsule-drift-'));
const { environment, release } = await holdTestServers(workspace);
try {
  // The secrets that a service asks for at its start; nothing is signed or hashed with them here.
  ensureEnvironmentFile(scratch, scratch);
  const source = readEnvironment(scratch, { ...environment, PATH: process.env['PATH'] });
  for (const service of chosen) await check(service, source);
} finally {
  rmSync(scratch, { recursive: true, force: true });
  await release();
}

async function check(service: ServiceName, source: Record<string, string>): Promise<void> {
  const prefix = service.toUpperCase();
  const name = `drift_${service}_${process.pid}`;
  const { database, owner } = loadEnvironment(migrationEnvironments[service], source);
  const superuser = new pg.Client({
    host: database.host,
    port: database.port,
    database: 'postgres',
    user: source['CAPSULE_TEST_POSTGRES_SUPERUSER'],
    password: source[`CAPSULE_TEST_${prefix}_POSTGRES_SUPERUSER_PASSWORD`],
  });
  await superuser.connect();
  try {
    await superuser.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner.user)}`);
    const own = { ...source, [`${prefix}_SERVICE_DB_NAME`]: name };
    run(['tools/dist/migrate.js', 'migrate', service], own);
    run([`apps/${service}/dist/command.js`, 'drift'], own);
  } finally {
    await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await superuser.end();
  }
}

/** The command runs in the scratch folder, against which the path of the signing key in its `.env` is relative. */
function run([program = '', ...args]: string[], env: Record<string, string>): void {
  const result = spawnSync(process.execPath, [join(workspace, program), ...args], {
    cwd: scratch,
    env,
    encoding: 'utf8',
  });
  if (result.status === 0) return;
  console.error(`${program} ${args.join(' ')}:\n${result.stdout}${result.stderr}`);
  process.exitCode = 1;
}
