import pg from 'pg';
import type { ProbedTable } from './probe-rows.js';
import { tenancyOf } from './tenancy.js';
import type { ForeignKey } from './tenant-tables.js';

/** A way in which somebody could break isolation; each is a migration that looks harmless. */
export interface Mutation {
  name: string;
  sql: string;
}

/** Everything that isolation hangs on in a table, taken away one by one or made weaker. */
export function isolationMutations(table: ProbedTable, tables: readonly ProbedTable[]): Mutation[] {
  const keys = table.foreignKeys.filter((key) => guardsTenants(table, key, tables));
  return [
    {
      name: `${table.id} without row-level security`,
      sql: `ALTER TABLE ${table.id} DISABLE ROW LEVEL SECURITY`,
    },
    { name: `${table.id} without FORCE`, sql: `ALTER TABLE ${table.id} NO FORCE ROW LEVEL SECURITY` },
    ...table.policies.flatMap(({ name }) => policyMutations(table, name)),
    ...keys.flatMap((key) => keyMutations(table, key)),
  ];
}

function policyMutations({ id }: ProbedTable, policy: string): Mutation[] {
  const name = pg.escapeIdentifier(policy);
  return [
    { name: `${id} without its policy`, sql: `DROP POLICY ${name} ON ${id}` },
    { name: `${id} readable by all`, sql: `ALTER POLICY ${name} ON ${id} USING (true)` },
    { name: `${id} writable for all`, sql: `ALTER POLICY ${name} ON ${id} WITH CHECK (true)` },
    { name: `${id} with a second policy`, sql: `CREATE POLICY another ON ${id} USING (true)` },
  ];
}

function keyMutations({ id }: ProbedTable, { name, columns, target, targetColumns }: ForeignKey): Mutation[] {
  const key = pg.escapeIdentifier(name);
  const drop = `ALTER TABLE ${id} DROP CONSTRAINT ${key}`;
  const rest = (all: string[]) =>
    all
      .filter((column) => column !== 'tenant_id')
      .map(pg.escapeIdentifier)
      .join();
  const without =
    `${drop}; CREATE UNIQUE INDEX alone ON ${target} (${rest(targetColumns)}); ALTER TABLE ${id} ` +
    `ADD CONSTRAINT ${key} FOREIGN KEY (${rest(columns)}) REFERENCES ${target} (${rest(targetColumns)})`;
  return [
    { name: `${id} without ${name}`, sql: drop },
    { name: `${id} with ${name} but without the tenant in it`, sql: without },
  ];
}

function guardsTenants(table: ProbedTable, key: ForeignKey, tables: readonly ProbedTable[]): boolean {
  const leadsToTenants = tables.some(({ id }) => id === key.target);
  return leadsToTenants && tenancyOf(table)?.kind === 'own' && key.columns.length > 1;
}
