import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { MigrationSession, type OwnerConnection } from '@capsule/database/migrations';
import { readProvisionerSettings } from '../provisioner-config.js';
import { ProgressBar } from './progress-bar.js';
import { forEachTenant } from './session-pool.js';
import { TenantRegistry } from './tenant-registry.js';
import { TENANT_MIGRATIONS, TenantSchemaMaker } from './tenant-schema-maker.js';

/** For another process that is at the same tenant. */
const WAIT_MS = 120_000;

export interface MigratedTenants {
  tenants: number;
  /** Those in which something was pending. */
  migrated: number;
  failed: { tenantId: string; reason: string }[];
}

/**
 * The command `migrate-tenants [--json] [--folder F]`: brings the schema of every tenant to the newest migration, also of
 * those that are not finished. A tenant that fails stops no other; the next run, and the provisioner, go on with it.
 * @returns the exit code: 0 done, 1 a tenant failed (the others were done)
 */
export async function migrateTenantsCommand(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: { json: { type: 'boolean', default: false }, folder: { type: 'string' } },
  });
  if (values.folder !== undefined && !isAbsolute(values.folder))
    throw new Error('--folder is an absolute path.');
  const { owner, parallel } = readProvisionerSettings();
  const startedAt = performance.now();
  const result = await migrateTenants(owner, parallel, values.folder, !values.json && process.stderr.isTTY);
  if (values.json) {
    console.log(JSON.stringify(result));
  } else {
    for (const { tenantId, reason } of result.failed) console.error(`${tenantId} failed: ${reason}`);
    const { tenants, migrated, failed } = result;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${tenants} tenants: ${migrated} migrated, ${failed.length} failed, in ${seconds} s`);
  }
  return result.failed.length === 0 ? 0 : 1;
}

export async function migrateTenants(
  owner: OwnerConnection,
  parallel: number,
  folder: string = TENANT_MIGRATIONS,
  showsProgress = false,
): Promise<MigratedTenants> {
  const ids = await allTenants(owner);
  const result: MigratedTenants = { tenants: ids.length, migrated: 0, failed: [] };
  const bar = new ProgressBar(ids.length, showsProgress ? (text) => process.stderr.write(text) : undefined);
  await forEachTenant(owner, ids, parallel, async (session, tenantId) => {
    const outcome = await new TenantSchemaMaker(session, folder).make(tenantId, WAIT_MS);
    if (outcome.kind === 'done') result.migrated += Math.min(outcome.applied.length, 1);
    else result.failed.push({ tenantId, reason: reasonOf(outcome) });
    bar.advance(result.failed.length);
  });
  bar.end();
  return result;
}

function reasonOf(outcome: { kind: 'elsewhere' } | { kind: 'failed'; reason: string }): string {
  return outcome.kind === 'failed' ? outcome.reason : 'Another process works on it and does not finish.';
}

export async function allTenants(owner: OwnerConnection): Promise<string[]> {
  const session = await MigrationSession.open(owner);
  try {
    return await new TenantRegistry(session.client).allIds();
  } finally {
    await session.close();
  }
}
