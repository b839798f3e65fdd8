import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { specimens } from './specimens.js';
import { tenancyOf } from './tenancy.js';
import { isOutOfReach, isWithoutTenants } from './tables-without-tenants.js';
import type { Column, ForeignKey, Table } from './tenant-tables.js';

/** Column values as text, as PostgreSQL reads them. */
export type Row = Record<string, string>;

/** A table of tenants, and a row of each tenant that may have some in it. */
export interface ProbedTable extends Table {
  /** By tenant. */
  rows: ReadonlyMap<string, Row>;
}

/**
 * Makes rows for two tenants in every table that has a policy, whose references lead to rows of the same tenant.
 * Values come from the catalogue; where a check asks for more, from `specimens`.
 */
export class ProbeRows {
  private readonly made = new Map<string, Map<string, Row>>();
  private count = 0;

  constructor(
    private readonly superuser: pg.Client,
    private readonly tables: readonly Table[],
    readonly tenants: readonly [string, string],
  ) {}

  async make(): Promise<ProbedTable[]> {
    const ordered = inOrderOfReferences(this.tables.filter(hasTenants));
    // References are checked at the end, so that a table may come before one that it leads to.
    await this.superuser.query('BEGIN; SET CONSTRAINTS ALL DEFERRED');
    for (const table of ordered) {
      const rows = new Map<string, Row>();
      this.made.set(table.id, rows);
      for (const tenant of this.tenantsOf(table)) rows.set(tenant, await this.insert(table, tenant));
    }
    await this.superuser.query('COMMIT');
    return ordered.map((table) => ({ ...table, rows: this.made.get(table.id) ?? new Map() }));
  }

  /** Values for another row of the tenant; `foreign` is a key that shall lead to a row of `otherTenant`. */
  async values(table: Table, tenant: string, foreign?: { key: ForeignKey; tenant: string }): Promise<Row> {
    this.count += 1;
    const row: Row = {};
    for (const column of table.columns) {
      if (isNeeded(table, column)) row[column.name] = this.valueOf(table, column, tenant);
    }
    for (const key of table.foreignKeys) {
      const own = key.target === table.id ? row : this.made.get(key.target)?.get(tenant);
      const target = foreign?.key === key ? this.made.get(key.target)?.get(foreign.tenant) : own;
      // A key to a table without tenants may lead to any of its rows.
      Object.assign(row, reference(key, target ?? (await this.anyRow(key))));
    }
    // The row says whose it is, whatever it refers to.
    if ('tenant_id' in row) row['tenant_id'] = tenant;
    return { ...row, ...specimens[table.name]?.(row, tenant) };
  }

  private async insert(table: Table, tenant: string): Promise<Row> {
    const { rows } = await this.superuser.query<{ row: Row }>(
      `${insertion(table, await this.values(table, tenant))} RETURNING to_jsonb(t) AS row`,
    );
    const [inserted] = rows;
    if (inserted === undefined) throw new Error(`Nothing was inserted into ${table.id}.`);
    return Object.fromEntries(Object.entries(inserted.row).map(([name, value]) => [name, String(value)]));
  }

  private tenantsOf(table: Table): readonly string[] {
    const tenancy = tenancyOf(table);
    return tenancy?.kind === 'schema' ? [tenancy.tenantId] : this.tenants;
  }

  private async anyRow(key: ForeignKey): Promise<Row> {
    const { rows } = await this.superuser.query<{ row: Row }>(
      `SELECT to_jsonb(t) AS row FROM ${key.target} t LIMIT 1`,
    );
    if (rows[0] === undefined) throw new Error(`${key.name} leads to ${key.target}, which has no row yet.`);
    return rows[0].row;
  }

  private valueOf(table: Table, { name, type }: Column, tenant: string): string {
    if (name === 'tenant_id') return tenant;
    const value = valuesByType[type]?.(this.count);
    if (value === undefined) throw new Error(`Say in specimens what ${table.id}.${name} (${type}) may hold.`);
    return value;
  }
}

const valuesByType: Readonly<Record<string, (count: number) => string>> = {
  uuid: () => randomUUID(),
  text: (count) => `probe-${count}-${randomBytes(3).toString('hex')}`,
  'character varying': (count) => `probe-${count}-${randomBytes(3).toString('hex')}`,
  citext: (count) => `probe-${count}-${randomBytes(3).toString('hex')}`,
  bytea: () => `\\x${randomBytes(32).toString('hex')}`,
  integer: (count) => String(count),
  bigint: (count) => String(count),
  numeric: (count) => String(count),
  'double precision': (count) => String(count),
  boolean: () => 'false',
  jsonb: () => '{}',
  'text[]': () => '{}',
  date: () => '2026-01-01',
  'timestamp with time zone': () => '2026-01-01T00:00:00Z',
};

/** Keys are filled in although they may be null: they are what is to be probed. */
function isNeeded(table: Table, { name, notNull, hasDefault }: Column): boolean {
  const isKey = name === 'id' || table.foreignKeys.some(({ columns }) => columns.includes(name));
  return name === 'tenant_id' || (notNull && !hasDefault) || (isKey && !isIdentity(table, name));
}

function isIdentity(table: Table, name: string): boolean {
  const column = table.columns.find((each) => each.name === name);
  return column?.type !== 'uuid' && column?.hasDefault === true;
}

function reference({ columns, targetColumns }: ForeignKey, target: Row): Row {
  return Object.fromEntries(
    columns.map((column, place) => [column, target[targetColumns[place] ?? ''] ?? '']),
  );
}

export function insertion(table: Table, row: Row): string {
  const columns = Object.keys(row).map((name) => pg.escapeIdentifier(name));
  const values = Object.values(row).map((value) => pg.escapeLiteral(value));
  return `INSERT INTO ${table.id} AS t (${columns.join()}) VALUES (${values.join()})`;
}

function hasTenants(table: Table): boolean {
  return !table.partition && !isWithoutTenants(table) && !isOutOfReach(table);
}

function inOrderOfReferences(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const place = (table: Table, path: readonly Table[]): void => {
    if (ordered.includes(table) || path.includes(table)) return;
    for (const key of table.foreignKeys) {
      const target = tables.find(({ id }) => id === key.target);
      if (target) place(target, [...path, table]);
    }
    ordered.push(table);
  };
  for (const table of tables) place(table, []);
  return ordered;
}
