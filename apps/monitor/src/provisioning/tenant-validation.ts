import { findCatalogueDrift, type MigrationSession, type Migrator } from '@capsule/database/migrations';
import type { RegisteredTenant } from './tenant-registry.js';

/** What is wrong with the migrations of a tenant's schema, else what it has otherwise than a freshly migrated one. */
export async function findFaults(
  migrator: Migrator,
  { id: tenantId, schemaName: schema }: RegisteredTenant,
  session: MigrationSession,
): Promise<string[]> {
  const faults = await migrator.validate();
  if (faults.length > 0) return faults;
  const own = { schema, placeholders: { schema, tenantId } };
  return findCatalogueDrift(session.client, await migrator.info(), 'monitor-tenant', own);
}
