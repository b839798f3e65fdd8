/** The SQL types that batches can carry, and what stands for each in a row. */
interface SqlValues {
  uuid: string;
  text: string;
  boolean: boolean;
  integer: number;
  bigint: number | bigint | string;
  numeric: string;
  'double precision': number;
  timestamptz: Date | string;
  jsonb: object;
}

/** The columns that are written, with their types: PostgreSQL can't tell them from the values of a batch. */
export type BatchColumns = Readonly<Record<string, keyof SqlValues>>;

export interface BatchTarget<Columns extends BatchColumns = BatchColumns> {
  /** A tenant's table, as a statement names it. It and the columns are constants of the code, never input. */
  readonly table: string;
  /** All but `tenant_id`, which is always the tenant's that the batch is written for. */
  readonly columns: Columns;
  /** The table lies in a schema of the tenant's own, and has no `tenant_id`. */
  readonly isInTenantSchema?: boolean;
}

export type BatchRow<Columns extends BatchColumns> = {
  readonly [Column in keyof Columns]: SqlValues[Columns[Column]] | null;
};

/** One statement for any number of rows: `unnest` makes them of an array for each column. */
export function insertStatement(target: BatchTarget, skipDuplicates: boolean): string {
  const { table, columns, isInTenantSchema = false } = target;
  const names = [...(isInTenantSchema ? [] : ['tenant_id']), ...Object.keys(columns)];
  const first = isInTenantSchema ? 1 : 2;
  const arrays = Object.values(columns).map((type, index) => `$${first + index}::${type}[]`);
  return `INSERT INTO ${table} (${names.join(', ')})
    SELECT ${isInTenantSchema ? '' : '$1::uuid, '}batch.* FROM unnest(${arrays.join(', ')}) AS batch${
      skipDuplicates ? ' ON CONFLICT DO NOTHING' : ''
    }`;
}

/** Its parameters: the tenant where it is a column, and the values of the rows column by column. */
export function insertParameters<Columns extends BatchColumns>(
  { columns, isInTenantSchema = false }: BatchTarget<Columns>,
  tenantId: string | null,
  rows: readonly BatchRow<Columns>[],
): unknown[] {
  const arrays = Object.entries(columns).map(([column, type]) =>
    rows.map((row) => (type === 'jsonb' ? documentOf(row[column]) : row[column])),
  );
  return isInTenantSchema ? arrays : [tenantId, ...arrays];
}

/** As text: the driver would take a document that is an array for one more dimension of the batch. */
function documentOf(value: unknown): unknown {
  return value === null ? null : JSON.stringify(value);
}
