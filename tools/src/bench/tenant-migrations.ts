/**
 * One new migration in the schemas of a thousand tenants, by the command that operators use, and how soon a new tenant's
 * schema is ready. On a database of its own beside monitor's, with a provisioner of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrationsFolder } from '@capsule/database/migrations';
import type pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { provisionerProcess } from '../supervisor/services.js';
import { atMost, percentile, type Row } from './row.js';
import { createScratchDatabase } from './scratch-database.js';

const TENANTS = 1_000;
const LIMIT_SECONDS = 60;
const NEW_TENANTS = 100;
const PAUSE_MS = 100;
const READY_LIMIT_MS = 300;
const SETTLE_TIMEOUT_MS = 60_000;
const NEW_MIGRATION = `
  ALTER TABLE dashboard_configs ADD COLUMN is_shared boolean NOT NULL DEFAULT false;
  CREATE INDEX ix_tool_metrics__failed ON tool_metrics (used_at) WHERE NOT succeeded;
  GRANT UPDATE (is_shared) ON dashboard_configs TO monitor_user;`;

export async function measureTenantMigrations(running: PrivatePlatform, workspace: string): Promise<Row[]> {
  const scratch = await createScratchDatabase(running, 'monitor');
  const folder = mkdtempSync(join(tmpdir(), 'capsule-tenant-migrations-'));
  // The port of the platform's own provisioner is taken; that of the tenth after it is nobody's.
  const port = String(Number(running.source['MONITOR_PROVISIONER_PORT']) + 10);
  const source = {
    ...running.source,
    MONITOR_SERVICE_DB_NAME: scratch.name,
    MONITOR_PROVISIONER_PORT: port,
  };
  const { program, arguments: words, environment } = provisionerProcess(workspace, source);
  const command = (...verb: string[]) =>
    spawn(program, [...words.slice(0, -1), ...verb], {
      cwd: workspace,
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  try {
    await register(scratch.superuser, TENANTS);
    await succeed(command('tenants', 'migrate'));
    cpSync(migrationsFolder('monitor-tenant'), folder, { recursive: true });
    writeFileSync(join(folder, 'V9.0.0__One_more.sql'), NEW_MIGRATION);
    const startedAt = performance.now();
    await succeed(command('tenants', 'migrate', '--folder', folder));
    const seconds = (performance.now() - startedAt) / 1_000;
    const readiness = await measureReadiness(scratch.superuser, () => command('provision'));
    return [
      atMost(`${TENANTS} tenants' schemas × 1 new migration, wall clock`, seconds, 's', LIMIT_SECONDS),
      atMost(
        'commit of a new tenant → its schema is active, p95',
        percentile(readiness, 0.95),
        'ms',
        READY_LIMIT_MS,
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
    await scratch.drop();
  }
}

async function register(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `INSERT INTO tenants (id, name, domain, schema_name)
     SELECT id, 'Bench', id::text, 'tenant_' || replace(id::text, '-', '')
     FROM unnest($1::uuid[]) AS id`,
    [Array.from({ length: count }, () => randomUUID())],
  );
}

/** One tenant after the other, as sign-ups come; Postgres tells itself when each row was committed. */
async function measureReadiness(client: pg.Client, provision: () => ChildProcess): Promise<number[]> {
  const provisioner = provision();
  try {
    await client.query(`CREATE TABLE began (id uuid PRIMARY KEY, at timestamptz NOT NULL)`);
    await client.query(`
      CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO public.began VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
      CREATE TRIGGER remember AFTER INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION remember();`);
    await register(client, 1);
    await settled(client);
    await client.query('DELETE FROM began');
    for (let made = 0; made < NEW_TENANTS; made += 1) {
      await register(client, 1);
      await sleep(PAUSE_MS);
    }
    await settled(client);
    const { rows } = await client.query<{ ms: number }>(
      `SELECT extract(epoch FROM pg_xact_commit_timestamp(t.xmin) - began.at)::float8 * 1000 AS ms
       FROM tenants t JOIN began USING (id)`,
    );
    return rows.map(({ ms }) => ms);
  } finally {
    provisioner.kill('SIGTERM');
    await once(provisioner, 'close');
  }
}

async function settled(client: pg.Client): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const { rows } = await client.query("SELECT FROM tenants WHERE state <> 'active'");
    if (rows.length === 0) return;
    if (performance.now() > deadline) throw new Error(`${rows.length} tenants were not made ready`);
    await sleep(50);
  }
}

async function succeed(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the command of monitor ended with ${code}`);
}
