import { type Ask, notice, type Section, warning } from './section.js';

export interface MissingIndexFigures {
  table: string;
  /** Why one seems to be missing. */
  reason: 'foreign key without index' | 'read as a whole again and again';
  /** The foreign key's name and columns; null where the columns can't be known. */
  foreignKey: string | null;
  columns: string[] | null;
  rows: number;
}

/** A smaller table is read as fast without an index. */
const LEAST_ROWS = 10_000;
/** Fewer may be somebody's own looking around. */
const TELLING_SCANS = 50;

/** Deleting or changing the referenced row reads the whole referencing table when no index begins with the key. */
const FOREIGN_KEYS = `
  SELECT c.conrelid::regclass::text AS table, 'foreign key without index' AS reason, c.conname AS "foreignKey",
         ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY AS key (number, position)
               JOIN pg_attribute ON attrelid = c.conrelid AND attnum = key.number ORDER BY position) AS columns,
         greatest(t.reltuples, 0)::float8 AS rows
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
  WHERE c.contype = 'f' AND c.conparentid = 0 AND t.reltuples >= $1
    AND NOT EXISTS (
      SELECT FROM pg_index i
      WHERE i.indrelid = c.conrelid AND i.indisvalid
        AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) LIKE '%IS NOT NULL%'))
  ORDER BY rows DESC, 3`;

const WHOLE_READS = `
  SELECT s.relid::regclass::text AS table, 'read as a whole again and again' AS reason, NULL AS "foreignKey",
         NULL AS columns, s.n_live_tup::float8 AS rows
  FROM pg_stat_user_tables s
  WHERE s.n_live_tup >= $1 AND s.seq_scan >= $2 AND s.seq_tup_read / s.seq_scan >= s.n_live_tup / 2
    AND s.seq_scan > coalesce(s.idx_scan, 0) / 10
  ORDER BY s.seq_tup_read DESC`;

export async function readMissingIndexes(ask: Ask): Promise<Section<MissingIndexFigures[]>> {
  const keys = await ask<MissingIndexFigures>(FOREIGN_KEYS, [LEAST_ROWS]);
  const reads = await ask<MissingIndexFigures>(WHOLE_READS, [LEAST_ROWS, TELLING_SCANS]);
  return {
    figures: [...keys, ...reads],
    findings: [
      ...keys.map(({ table, foreignKey, columns }) =>
        notice(
          `No index of ${table} begins with the columns of ${foreignKey}.`,
          `CREATE INDEX CONCURRENTLY … ON ${table} (${columns?.join(', ')}), unless what it refers to is never deleted.`,
        ),
      ),
      ...reads.map(({ table, rows }) =>
        warning(
          `${table} (about ${rows} rows) is mostly read as a whole.`,
          'Find the statement among the slowest, EXPLAIN it as the app role, and give it an index that begins with tenant_id.',
        ),
      ),
    ],
  };
}
