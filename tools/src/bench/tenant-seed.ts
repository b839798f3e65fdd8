import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** A million rows of each: as many tenants, the activities of the first thousand of them, and one tenant's documents. */
export const TENANTS = 1_000_000;
const ACTIVITIES = 1_000_000;
export const TENANTS_WITH_ACTIVITIES = 1_000;
const TOOL_METRICS = 1_000_000;
export const WORK_SESSIONS = 1_000;
export const TOOLS = 20;

const SETTLE_TIMEOUT_MS = 20_000;

/** Ids are digests of what they name, so that who reads need not be told them; of the shape that requests are held to. */
export const tenantId = (n: number): string => digest(`tenant-${n}`);
export const tenantDomain = (n: number): string => `tenant-${n}`;
export const workSessionId = (n: number): string => digest(`session-${n}`);
export const toolName = (n: number): string => `tool-${n}`;
/** An activity of that tenant. */
export const activityId = (tenant: number, n: number): string =>
  digest(`activity-${tenant + TENANTS_WITH_ACTIVITIES * (n % (ACTIVITIES / TENANTS_WITH_ACTIVITIES))}`);

/**
 * Fills monitor's tables as its superuser; triggers that would provision each tenant are left out. None of those tenants is
 * served: they have no tables of their own.
 */
export async function seedTenants(superuser: pg.Client): Promise<void> {
  await superuser.query('SET session_replication_role = replica');
  await superuser.query(
    `INSERT INTO tenants (id, name, domain, schema_name, schema_version, state, is_active)
     SELECT ${digestOf("'tenant-' || n")}, 'Tenant ' || n, 'tenant-' || n, 'tenant_' || n, '1.0.0', 'active', false
     FROM generate_series(0, ${TENANTS - 1}) n`,
  );
  await superuser.query(
    `INSERT INTO activities (tenant_id, id, event_id, type, summary, occurred_at)
     SELECT ${digestOf(`'tenant-' || n % ${TENANTS_WITH_ACTIVITIES}`)}, ${digestOf("'activity-' || n")}, uuid_generate_v4(),
            'capsule.deploy.deployment.went-live.v1', 'Deployment ' || n || ' went live', now() - n * interval '1 second'
     FROM generate_series(0, ${ACTIVITIES - 1}) n`,
  );
  await superuser.query('VACUUM (ANALYZE) tenants, activities');
}

/** Fills the tables of the one tenant that has signed up. */
export async function seedDocuments(superuser: pg.Client, schema: string): Promise<void> {
  await superuser.query('SET session_replication_role = replica');
  await superuser.query(
    `INSERT INTO ${schema}.metrics_sessions (id, user_id, client, started_at)
     SELECT ${digestOf("'session-' || n")}, uuid_generate_v4(), 'cli', now() - n * interval '1 hour'
     FROM generate_series(0, ${WORK_SESSIONS - 1}) n`,
  );
  await superuser.query(
    `INSERT INTO ${schema}.tool_metrics (id, session_id, tool, duration_ms, succeeded, used_at)
     SELECT ${digestOf("'metric-' || n")}, ${digestOf(`'session-' || n % ${WORK_SESSIONS}`)}, 'tool-' || n / 7 % ${TOOLS},
            n % 5000, n % 10 <> 0, now() - n * interval '1 second'
     FROM generate_series(0, ${TOOL_METRICS - 1}) n`,
  );
  await superuser.query(`VACUUM (ANALYZE) ${schema}.metrics_sessions, ${schema}.tool_metrics`);
}

/** The one tenant that there is, as soon as its tables are made. */
export async function onlyTenant(superuser: pg.Client): Promise<{ id: string; schema: string }> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const { rows } = await superuser.query<{ id: string; schema: string }>(
      "SELECT id, schema_name AS schema FROM tenants WHERE state = 'active'",
    );
    if (rows[0]) return rows[0];
    if (performance.now() > deadline) throw new Error('the tables of the tenant were not made');
    await sleep(50);
  }
}

function digest(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

/** The same in SQL. */
function digestOf(text: string): string {
  return `overlay(overlay(md5(${text}) placing '4' from 13) placing '8' from 17)::uuid`;
}
