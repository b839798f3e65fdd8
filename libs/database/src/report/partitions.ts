import { type Ask, type Section, warning } from './section.js';

export interface PartitionFigures {
  table: string;
  partitions: number;
  /** ISO instant at which the newest range by time ends; null for other tables. */
  through: string | null;
  /** Rows that fitted no partition, as the default partition counts them; null when there is none. */
  defaultRows: number | null;
}

const DAY_MS = 86_400_000;

const TABLES = `
  SELECT p.partrelid::regclass::text AS table,
         (SELECT count(*)::integer FROM pg_inherits WHERE inhparent = p.partrelid) AS partitions,
         (SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(\\d{4}-\\d\\d-\\d\\d[^'']*)''\\)')::timestamptz)
          FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = p.partrelid) AS through,
         (SELECT n_live_tup::float8 FROM pg_stat_user_tables WHERE relid = p.partdefid) AS "defaultRows"
  FROM pg_partitioned_table p ORDER BY 1`;

/** Native partitions. Where TimescaleDB keeps the samples instead, its own views tell of the chunks. */
export async function readPartitions(ask: Ask): Promise<Section<PartitionFigures[]>> {
  const rows = await ask<Omit<PartitionFigures, 'through'> & { through: Date | null }>(TABLES);
  const soon = Date.now() + DAY_MS;
  return {
    figures: rows.map((row) => ({ ...row, through: row.through?.toISOString() ?? null })),
    findings: rows.flatMap(({ table, partitions, through, defaultRows }) => [
      ...(partitions > 0 && through !== null && through.getTime() < soon
        ? [
            warning(
              `The partitions of ${table} end at ${through.toISOString()}.`,
              "What comes later has no place. See in the service's log why its upkeep makes none.",
            ),
          ]
        : []),
      ...(defaultRows
        ? [
            warning(
              `${defaultRows} rows of ${table} are in its default partition.`,
              'They fitted no partition, and keep one for their range from being made: move them in a migration.',
            ),
          ]
        : []),
    ]),
  };
}
