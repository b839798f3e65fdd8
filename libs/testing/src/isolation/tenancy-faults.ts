import type pg from 'pg';
import { isOutOfReach, isWithoutTenants } from './tables-without-tenants.js';
import { tenancyOf } from './tenancy.js';
import { type ForeignKey, readTables, type Table } from './tenant-tables.js';

/**
 * What the catalogue of a service's database lacks of the rules of migrations/README.md: every table has ENABLE,
 * FORCE, one policy of a known shape and the tenant in its keys to other tables of tenants, or stands on the
 * reviewed list of those without tenants. Schemas of single tenants are looked at too.
 * @returns a line for each fault
 */
export async function findTenancyFaults(client: pg.Client, appRole: string): Promise<string[]> {
  const tables = await readTables(client, appRole);
  const byId = new Map(tables.map((table) => [table.id, table]));
  return [
    ...tables.flatMap((table) => faultsOf(table, byId).map((fault) => `${table.id}: ${fault}`)),
    ...schemaFaults(tables),
    ...(await viewFaults(client, appRole)),
  ];
}

function faultsOf(table: Table, tables: ReadonlyMap<string, Table>): string[] {
  if (table.partition || isOutOfReach(table)) {
    return table.appMay.length === 0
      ? []
      : [`has no policy, and the app role may ${table.appMay.join(', ')}`];
  }
  if (isWithoutTenants(table)) {
    return hasColumn(table, 'tenant_id') ? ['has a tenant_id, and is said to hold no rows of tenants'] : [];
  }
  return [...policyFaults(table), ...table.foreignKeys.flatMap((key) => keyFaults(table, key, tables))];
}

function policyFaults(table: Table): string[] {
  const tenancy = tenancyOf(table);
  const tenantColumn = table.columns.find(({ name }) => name === 'tenant_id');
  return [
    ...(table.rowSecurity ? [] : ['row-level security is not enabled']),
    ...(table.forced ? [] : ['row-level security is not forced']),
    ...(tenancy ? [] : [`has not exactly one policy of a known shape: ${JSON.stringify(table.policies)}`]),
    ...(tenancy?.kind === 'own' && !tenantColumn?.notNull ? ['tenant_id may be null'] : []),
  ];
}

/** A schema belongs to one tenant, or what is moved and restored with it would be somebody else's too. */
function schemaFaults(tables: readonly Table[]): string[] {
  const owners = new Map<string, Set<string>>();
  for (const table of tables) {
    const tenancy = tenancyOf(table);
    if (tenancy?.kind !== 'schema') continue;
    owners.set(table.schema, (owners.get(table.schema) ?? new Set()).add(tenancy.tenantId));
  }
  return [...owners]
    .filter(([, tenants]) => tenants.size > 1)
    .map(([schema, tenants]) => `${schema}: has tables of ${[...tenants].join(' and of ')}`);
}

/** A view reads with the rights of its owner. */
async function viewFaults(client: pg.Client, appRole: string): Promise<string[]> {
  const { rows } = await client.query<{ view: string; barrier: boolean; owner: string; bound: boolean }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS view, r.rolname AS owner,
            NOT r.rolsuper AND NOT r.rolbypassrls AND c.relkind = 'v' AS bound,
            coalesce(c.reloptions && '{security_barrier=true,security_barrier=on}', false) AS barrier
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE c.relkind IN ('v', 'm') AND has_any_column_privilege($1, c.oid, 'SELECT')
       AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1`,
    [appRole],
  );
  return rows.flatMap(({ view, barrier, owner, bound }) => [
    ...(barrier ? [] : [`${view}: is no security barrier`]),
    ...(bound ? [] : [`${view}: runs as ${owner}, whom policies do not bind`]),
  ]);
}

/** Policies don't guard references: PostgreSQL looks for the other row as somebody who sees all of them. */
function keyFaults(table: Table, key: ForeignKey, tables: ReadonlyMap<string, Table>): string[] {
  const target = tables.get(key.target);
  if (target === undefined || isWithoutTenants(target)) return [];
  if (tenancyOf(table)?.kind === 'schema') {
    return target.schema === table.schema ? [] : [`${key.name} leads out of the tenant's schema`];
  }
  // A user belongs to no tenant; a membership is what makes them visible in one (docs/adr/0007-users-and-tenancy.md).
  if (tenancyOf(target)?.kind === 'members') return [];
  const place = key.columns.indexOf('tenant_id');
  const targetTenant = tenancyOf(target)?.kind === 'registry' ? 'id' : 'tenant_id';
  return place >= 0 && key.targetColumns[place] === targetTenant ? [] : [`${key.name} lacks the tenant`];
}

function hasColumn(table: Table, column: string): boolean {
  return table.columns.some(({ name }) => name === column);
}
