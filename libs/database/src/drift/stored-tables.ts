import type { DataSource } from 'typeorm';

/** A column as PostgreSQL has it. */
export interface StoredColumn {
  /** As in pg_type: "int4", "_text". */
  type: string;
  /** Length or precision in parentheses, or ''. */
  modifier: string;
  isNullable: boolean;
  default: string | null;
  /** The database gives a value when an insert doesn't. */
  isFilled: boolean;
}

export interface StoredIndex {
  /** In order, those it only includes left out; '' stands for an expression. */
  columns: string[];
  isUnique: boolean;
  isPartial: boolean;
}

export interface StoredTable {
  columns: Map<string, StoredColumn>;
  indexes: StoredIndex[];
}

// A table of the schema public has no schema in its name, as with TypeORM.
const NAME = "CASE WHEN nspname = 'public' THEN '' ELSE nspname || '.' END || relname";

const COLUMNS = `
  SELECT ${NAME} AS "table", attname AS name, typname AS type,
         coalesce(substring(format_type(atttypid, atttypmod) FROM '\\(.*?\\)'), '') AS modifier,
         NOT attnotnull AS "isNullable", pg_get_expr(adbin, adrelid) AS default,
         atthasdef OR attidentity <> '' AS "isFilled"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = relnamespace
  JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
  JOIN pg_type t ON t.oid = atttypid
  LEFT JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
  WHERE relkind IN ('r', 'p', 'v') AND NOT relispartition AND nspname <> 'information_schema' AND nspname !~ '^pg_'`;

const INDEXES = `
  SELECT ${NAME} AS "table", indisunique AS "isUnique", indpred IS NOT NULL AS "isPartial",
         ARRAY(SELECT coalesce(attname::text, '')
               FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (number, position)
               LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number <> 0
               WHERE position <= indnkeyatts ORDER BY position) AS columns
  FROM pg_index
  JOIN pg_class c ON c.oid = indrelid
  JOIN pg_namespace n ON n.oid = relnamespace
  WHERE indisvalid AND NOT relispartition AND nspname <> 'information_schema' AND nspname !~ '^pg_'`;

/** Every table and view, by the name TypeORM gives it. */
export async function readStoredTables(dataSource: DataSource): Promise<Map<string, StoredTable>> {
  const columns = await dataSource.query<(StoredColumn & { table: string; name: string })[]>(COLUMNS);
  const indexes = await dataSource.query<(StoredIndex & { table: string })[]>(INDEXES);
  const tables = new Map<string, StoredTable>();
  for (const { table, name, ...column } of columns) {
    const stored = tables.get(table) ?? { columns: new Map(), indexes: [] };
    stored.columns.set(name, column);
    tables.set(table, stored);
  }
  for (const { table, ...index } of indexes) tables.get(table)?.indexes.push(index);
  return tables;
}
