import { MigrationSession, type OwnerConnection } from '@capsule/database/migrations';
import { ProgressBar } from './progress-bar.js';
import { forEachTenant } from './session-pool.js';
import { TENANT_MIGRATIONS, targetVersion } from './tenant-migrations.js';
import { TenantRegistry } from './tenant-registry.js';
import { type Outcome, TenantSchemaMaker } from './tenant-schema-maker.js';

/** For another process that is at the same tenant. */
const WAIT_MS = 120_000;
const HELD = 'Another process works on it and does not finish.';

export interface MigratedTenants {
  tenants: number;
  /** Those in which something was pending. */
  migrated: number;
  failed: { tenantId: string; reason: string }[];
}

/**
 * Brings the schema of every tenant to the newest migration, also of those that are not finished. A tenant that fails
 * stops no other. What a run that died has done stays done; the next run, and the provisioner, go on from there.
 * @param show where the progress goes; none where nobody looks
 */
export async function migrateTenants(
  owner: OwnerConnection,
  parallel: number,
  folder: string = TENANT_MIGRATIONS,
  show?: (text: string) => void,
): Promise<MigratedTenants> {
  await targetVersion(folder);
  const ids = await allTenants(owner);
  const result: MigratedTenants = { tenants: ids.length, migrated: 0, failed: [] };
  const bar = new ProgressBar(ids.length, show);
  const keep = (tenantId: string, outcome: Outcome) => {
    if (outcome.kind === 'failed') result.failed.push({ tenantId, reason: outcome.reason });
    if (outcome.kind === 'elsewhere') result.failed.push({ tenantId, reason: HELD });
    if (outcome.kind === 'done' && outcome.applied.length > 0) result.migrated += 1;
    bar.advance(result.failed.length);
  };
  await forEachTenant(owner, ids, parallel, {
    work: async (session, id) => keep(id, await new TenantSchemaMaker(session, folder).make(id, WAIT_MS)),
    onError: async (session, id, error) =>
      keep(id, await new TenantSchemaMaker(session, folder).fail(id, error)),
  });
  bar.end();
  return result;
}

export async function allTenants(owner: OwnerConnection): Promise<string[]> {
  const session = await MigrationSession.open(owner);
  try {
    return await new TenantRegistry(session.client).allIds();
  } finally {
    await session.close();
  }
}
