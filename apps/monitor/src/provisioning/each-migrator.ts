import { type MigrationSession, Migrator, type OwnerConnection } from '@capsule/database/migrations';
import { quotedSchema } from '../tenant/own-tables.js';
import { allTenants } from './migrate-tenants.js';
import { forEachTenant } from './session-pool.js';
import { targetVersion } from './tenant-migrations.js';
import { type RegisteredTenant, TenantRegistry } from './tenant-registry.js';

export type TenantResult<Result> = { tenant: RegisteredTenant } & ({ result: Result } | { error: string });

/** Asks the migrator of every tenant's schema the same, one failure stopping no other. In the order of the tenants' ids. */
export async function eachMigrator<Result>(
  owner: OwnerConnection,
  parallel: number,
  folder: string,
  ask: (migrator: Migrator, tenant: RegisteredTenant, session: MigrationSession) => Promise<Result>,
): Promise<TenantResult<Result>[]> {
  await targetVersion(folder);
  const results: TenantResult<Result>[] = [];
  const find = (session: MigrationSession, id: string) => new TenantRegistry(session.client).find(id);
  await forEachTenant(owner, await allTenants(owner), parallel, {
    work: async (session, id) => {
      const tenant = await find(session, id);
      if (!tenant) return;
      const { schemaName: schema } = tenant;
      const placeholders = { schema: quotedSchema(schema), tenantId: id };
      const migrator = new Migrator(session, folder, { schema, placeholders });
      results.push({ tenant, result: await ask(migrator, tenant, session) });
    },
    onError: async (session, id, error) => {
      const tenant = await find(session, id);
      if (tenant) results.push({ tenant, error: error instanceof Error ? error.message : String(error) });
    },
  });
  return results.sort((a, b) => (a.tenant.id < b.tenant.id ? -1 : 1));
}
