import { parseArgs } from 'node:util';
import { type MigrationInfo, Migrator, type OwnerConnection } from '@capsule/database/migrations';
import { readProvisionerSettings } from '../provisioner-config.js';
import { quotedSchema } from '../tenant/own-tables.js';
import { allTenants } from './migrate-tenants.command.js';
import { forEachTenant } from './session-pool.js';
import { type RegisteredTenant, TenantRegistry } from './tenant-registry.js';
import { TENANT_MIGRATIONS } from './tenant-schema-maker.js';

export interface TenantInfo extends RegisteredTenant {
  migrations: MigrationInfo[];
}

const HEAD = ['tenant', 'schema', 'state', 'version', 'not applied', 'attempts', 'failure'];

/**
 * The command `tenant-info [--json]`: every tenant with the state of its schema and of the migrations in it.
 * @returns the exit code: 0 all are active and up to date, 1 something is not
 */
export async function tenantInfoCommand(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: { json: { type: 'boolean', default: false } },
  });
  const { owner, parallel } = readProvisionerSettings();
  const infos = await tenantInfos(owner, parallel);
  if (values.json) console.log(JSON.stringify(infos));
  else printTable(infos);
  return infos.every(({ state, migrations }) => state === 'active' && notApplied(migrations) === 0) ? 0 : 1;
}

/** In the order of their ids. */
export async function tenantInfos(owner: OwnerConnection, parallel: number): Promise<TenantInfo[]> {
  const infos: TenantInfo[] = [];
  await forEachTenant(owner, await allTenants(owner), parallel, async (session, id) => {
    const tenant = await new TenantRegistry(session.client).find(id);
    if (!tenant) return;
    const placeholders = { schema: quotedSchema(tenant.schemaName), tenantId: id };
    const migrator = new Migrator(session, TENANT_MIGRATIONS, { schema: tenant.schemaName, placeholders });
    infos.push({ ...tenant, migrations: await migrator.info() });
  });
  return infos.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function notApplied(migrations: readonly MigrationInfo[]): number {
  return migrations.filter(({ state }) => state === 'Pending' || state.startsWith('Failed')).length;
}

function printTable(infos: readonly TenantInfo[]): void {
  const rows = infos.map((each) => [
    each.id,
    each.schemaName,
    each.state,
    each.schemaVersion ?? '',
    String(notApplied(each.migrations)),
    String(each.failedAttempts),
    each.failure?.replace(/\s+/g, ' ') ?? '',
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [HEAD, ...rows]) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    console.log(cells.join('  ').trimEnd());
  }
}
