import { createHash } from 'node:crypto';
import type pg from 'pg';

/** A million rows of each: as many tenants, and the activities of the first thousand of them. */
export const TENANTS = 1_000_000;
const ACTIVITIES = 1_000_000;
export const TENANTS_WITH_ACTIVITIES = 1_000;

/** Ids are digests of numbers, so that who reads need not be told them. */
export const tenantId = (n: number): string => digest(`tenant-${n}`);
export const tenantDomain = (n: number): string => `tenant-${n}`;
/** An activity of that tenant. */
export const activityId = (tenant: number, n: number): string =>
  digest(`activity-${tenant + TENANTS_WITH_ACTIVITIES * (n % (ACTIVITIES / TENANTS_WITH_ACTIVITIES))}`);

/** Fills monitor's tables as its superuser: triggers that would provision each tenant are left out. */
export async function seedTenants(superuser: pg.Client): Promise<void> {
  await superuser.query('SET session_replication_role = replica');
  await superuser.query(
    `INSERT INTO tenants (id, name, domain, schema_name, schema_version, state)
     SELECT md5('tenant-' || n)::uuid, 'Tenant ' || n, 'tenant-' || n, 'tenant_' || n, '1.0.0', 'active'
     FROM generate_series(0, ${TENANTS - 1}) n`,
  );
  await superuser.query(
    `INSERT INTO activities (tenant_id, id, event_id, type, summary, occurred_at)
     SELECT md5('tenant-' || n % ${TENANTS_WITH_ACTIVITIES})::uuid, md5('activity-' || n)::uuid, uuid_generate_v4(),
            'capsule.deploy.deployment.went-live.v1', 'Deployment ' || n || ' went live', now() - n * interval '1 second'
     FROM generate_series(0, ${ACTIVITIES - 1}) n`,
  );
  await superuser.query('VACUUM (ANALYZE) tenants, activities');
}

function digest(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
