import pg from 'pg';
import { insertion, type ProbedTable, ProbeRows, type Row } from './probe-rows.js';
import { tenancyOf } from './tenancy.js';
import { type ForeignKey, readTables, type Table } from './tenant-tables.js';

const FOREIGN_KEY_VIOLATION = '23503';
const UNIQUE_VIOLATION = '23505';

interface Outcome {
  rows?: number;
  error?: pg.DatabaseError;
}

/**
 * Tries to get at one tenant's rows from another tenant's context, in every table that has a policy: reading, writing,
 * changing and deleting as the role that the service runs as, referring to the other's rows, and reading as the owner.
 * Each attempt has its positive control: the same statement with own rows succeeds, so a table in which nothing works
 * at all is a finding too.
 *
 * One connection of a superuser takes the roles on, so that the whole is one transaction that can be rolled back.
 */
export class Isolation {
  private constructor(
    private readonly superuser: pg.Client,
    private readonly probes: ProbeRows,
    readonly tables: readonly ProbedTable[],
    private readonly roles: { app: string; owner: string },
  ) {}

  /** Makes the rows that are tried to be got at, and commits them. */
  static async prepare(
    superuser: pg.Client,
    roles: { app: string; owner: string },
    tenants: readonly [string, string],
  ): Promise<Isolation> {
    const probes = new ProbeRows(superuser, await readTables(superuser, roles.app), tenants);
    return new Isolation(superuser, probes, await probes.make(), roles);
  }

  /**
   * A line for everything that should have failed. Changes nothing; to be called inside of a transaction.
   * @param suspect the table to begin with
   */
  async *findings(suspect?: ProbedTable): AsyncGenerator<string> {
    const others = this.tables.filter((table) => table !== suspect);
    for (const table of suspect ? [suspect, ...others] : others) {
      for (const [owner, row] of table.rows) {
        for (const finding of await this.findingsIn(table, owner, row)) yield `${table.id}: ${finding}`;
      }
    }
  }

  private async findingsIn(table: ProbedTable, tenant: string, row: Row): Promise<string[]> {
    const intruder = this.probes.tenants.find((each) => each !== tenant) ?? '';
    const found = [
      ...(await this.tryReading(table, { tenant, intruder, row })),
      ...(await this.tryInserting(table, { tenant, intruder })),
      ...(await this.tryChanging(table, { tenant, intruder, row })),
    ];
    for (const key of table.foreignKeys) {
      if (table.rows.has(intruder))
        found.push(...(await this.tryReferring(table, key, { tenant, intruder, row })));
    }
    return found;
  }

  private async tryReading(table: Table, { tenant, intruder, row }: Attempt): Promise<string[]> {
    const read = `SELECT FROM ${table.id} t WHERE ${isRow(table, row)}`;
    const { app, owner } = this.roles;
    return [
      ...expectRows(1, 'a tenant does not see its own row', await this.as(app, tenant, read)),
      ...expectRows(0, "a tenant sees another's row", await this.as(app, intruder, read)),
      ...expectRows(0, 'a row is seen without a context', await this.as(app, '', read)),
      ...expectRows(1, 'the owner does not see a row in its context', await this.as(owner, tenant, read)),
      ...expectRows(0, "the owner sees another tenant's row", await this.as(owner, intruder, read)),
    ];
  }

  private async tryInserting(table: Table, { tenant, intruder }: Omit<Attempt, 'row'>): Promise<string[]> {
    const values = await this.probes.values(table, tenant);
    if (!mayInsert(table, values)) return [];
    const insert = insertion(table, values);
    const foreign = await this.as(this.roles.app, intruder, insert);
    const own = await this.as(this.roles.app, tenant, insert);
    return [
      ...(isRefusedByPolicy(table, foreign)
        ? []
        : [`a row is inserted for another tenant (${say(foreign)})`]),
      // Policies are asked before unique keys. A user is let in by a membership, which comes first.
      ...(own.error && own.error.code !== UNIQUE_VIOLATION && tenancyOf(table)?.kind !== 'members'
        ? [`a tenant cannot insert a row of its own (${say(own)})`]
        : []),
    ];
  }

  private async tryChanging(table: Table, { tenant, intruder, row }: Attempt): Promise<string[]> {
    const { app } = this.roles;
    const found: string[] = [];
    const column = table.columns.find(({ appMayUpdate }) => appMayUpdate)?.name;
    if (column !== undefined) {
      const quoted = pg.escapeIdentifier(column);
      const update = `UPDATE ${table.id} t SET ${quoted} = t.${quoted} WHERE ${isRow(table, row)}`;
      found.push(
        ...expectRows(0, "a tenant changes another's row", await this.as(app, intruder, update)),
        ...expectRows(1, 'a tenant cannot change its own row', await this.as(app, tenant, update)),
      );
    }
    if (table.appMay.includes('DELETE')) {
      const remove = `DELETE FROM ${table.id} t WHERE ${isRow(table, row)}`;
      const own = await this.as(app, tenant, remove);
      found.push(...expectRows(0, "a tenant deletes another's row", await this.as(app, intruder, remove)));
      if (own.error?.code !== FOREIGN_KEY_VIOLATION)
        found.push(...expectRows(1, 'a tenant cannot delete its own row', own));
    }
    return found;
  }

  /** A tenant's new row is made to lead to a row of the intruder's, who stands for anybody else. */
  private async tryReferring(
    table: Table,
    key: ForeignKey,
    { tenant, intruder, row }: Attempt,
  ): Promise<string[]> {
    if (!key.columns.includes('tenant_id') || key.columns.length === 1) return [];
    const values = await this.probes.values(table, tenant, { key, tenant: intruder });
    const insert = `${insertion(table, values)}; SET CONSTRAINTS ALL IMMEDIATE`;
    let outcome = await this.as(this.roles.app, tenant, insert);
    // Where a tenant has one row at most, that row is made to lead elsewhere, which the app role may not do itself.
    if (outcome.error?.code === UNIQUE_VIOLATION || !mayInsert(table, values)) {
      const moved = key.columns
        .map((name) => `${pg.escapeIdentifier(name)} = ${pg.escapeLiteral(values[name] ?? '')}`)
        .join();
      outcome = await this.as(
        this.superuser.user ?? '',
        tenant,
        `UPDATE ${table.id} t SET ${moved} WHERE ${isRow(table, row)}`,
      );
    }
    return outcome.error?.code === FOREIGN_KEY_VIOLATION
      ? []
      : [`a row refers to another tenant's by ${key.columns.join()} (${say(outcome)})`];
  }

  /** Runs the statement in a context as a role, and takes it back. */
  private async as(role: string, tenant: string, statement: string): Promise<Outcome> {
    await this.superuser.query(
      `SAVEPOINT attempt; SET LOCAL ROLE ${pg.escapeIdentifier(role)}; SET LOCAL app.tenant_id = '${tenant}'`,
    );
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await this.superuser.query(statement);
      return { rows: (Array.isArray(result) ? result[0]?.rowCount : result.rowCount) ?? 0 };
    } catch (error) {
      if (error instanceof pg.DatabaseError) return { error };
      throw error;
    } finally {
      await this.superuser.query('ROLLBACK TO attempt; RELEASE attempt');
    }
  }
}

interface Attempt {
  /** Whose row it is. */
  tenant: string;
  /** Whose context it is tried from. */
  intruder: string;
  row: Row;
}

/** All findings of two tenants' rows in a database, in a transaction that is rolled back. */
export async function checkIsolation(superuser: pg.Client, isolation: Isolation): Promise<string[]> {
  const found: string[] = [];
  await superuser.query('BEGIN');
  for await (const finding of isolation.findings()) found.push(finding);
  await superuser.query('ROLLBACK');
  return found;
}

/** Of this table: a trigger may fail by the policy of another one, when the row is in already. */
function isRefusedByPolicy({ name }: Table, { error }: Outcome): boolean {
  return error?.message === `new row violates row-level security policy for table "${name}"`;
}

function isRow(table: Table, row: Row): string {
  return table.primaryKey
    .map((name) => `t.${pg.escapeIdentifier(name)}::text = ${pg.escapeLiteral(row[name] ?? '')}`)
    .join(' AND ');
}

function mayInsert(table: Table, values: Row): boolean {
  return table.columns.every(({ name, appMayInsert }) => appMayInsert || !(name in values));
}

function expectRows(wanted: number, finding: string, outcome: Outcome): string[] {
  return outcome.rows === wanted ? [] : [`${finding} (${say(outcome)})`];
}

function say(outcome: Outcome): string {
  return outcome.error ? outcome.error.message : `${outcome.rows} rows`;
}
