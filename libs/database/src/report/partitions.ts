import { type Ask, type Finding, notice, type Section, warning } from './section.js';

export interface PartitionFigures {
  table: string;
  partitions: number;
  /** ISO instant at which the newest range by time ends; null for other tables. */
  through: string | null;
  /** Rows that fitted no partition, as the default partition counts them; null when there is none. */
  defaultRows: number | null;
  /** Whether some of them are of today or later; null where there is no time to ask for, or the reading role may not. */
  isDefaultAhead: boolean | null;
}

const DAY_MS = 86_400_000;

const TABLES = `
  SELECT p.partrelid::regclass::text AS table,
         (SELECT count(*)::integer FROM pg_inherits WHERE inhparent = p.partrelid) AS partitions,
         (SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(\\d{4}-\\d\\d-\\d\\d[^'']*)''\\)')::timestamptz)
          FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = p.partrelid) AS through,
         (SELECT n_live_tup::float8 FROM pg_stat_user_tables WHERE relid = p.partdefid) AS "defaultRows",
         CASE WHEN has_table_privilege(p.partdefid, 'SELECT') AND NOT row_security_active(p.partdefid)
              THEN p.partdefid::regclass::text END AS "readableDefault",
         (SELECT quote_ident(attname) FROM pg_attribute
          WHERE attrelid = p.partrelid AND attnum = p.partattrs[0] AND atttypid = 'timestamptz'::regtype) AS "time"
  FROM pg_partitioned_table p ORDER BY 1`;

type Row = Omit<PartitionFigures, 'through' | 'isDefaultAhead'> & {
  through: Date | null;
  readableDefault: string | null;
  time: string | null;
};

/** Native partitions. Where TimescaleDB keeps the samples instead, its own views tell of the chunks. */
export async function readPartitions(ask: Ask): Promise<Section<PartitionFigures[]>> {
  const figures: PartitionFigures[] = [];
  for (const { readableDefault, time, through, ...row } of await ask<Row>(TABLES)) {
    const isDefaultAhead = readableDefault && time ? await hasRowsAhead(ask, readableDefault, time) : null;
    figures.push({ ...row, through: through?.toISOString() ?? null, isDefaultAhead });
  }
  return { figures, findings: figures.flatMap(findingsOf) };
}

/** Days as partitions are made of, which begin in UTC. */
async function hasRowsAhead(ask: Ask, partition: string, time: string): Promise<boolean> {
  const [row] = await ask<{ isAhead: boolean }>(
    `SELECT EXISTS (
       SELECT FROM ${partition} WHERE ${time} >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
     ) AS "isAhead"`,
  );
  return row?.isAhead ?? false;
}

function findingsOf({
  table,
  partitions,
  through,
  defaultRows,
  isDefaultAhead,
}: PartitionFigures): Finding[] {
  const isEnding = partitions > 0 && through !== null && Date.parse(through) < Date.now() + DAY_MS;
  return [
    ...(isEnding
      ? [
          warning(
            `The partitions of ${table} end at ${through}.`,
            "What comes later has no place. See in the provisioner's log why it makes none, and whether it runs.",
          ),
        ]
      : []),
    ...(isDefaultAhead
      ? [
          warning(
            `Rows of ${table} from today on are in its default partition.`,
            'They fitted no partition, and keep one for their range from being made: move them in a migration.',
          ),
        ]
      : []),
    ...(defaultRows && !isDefaultAhead
      ? [
          notice(
            `${defaultRows} rows of ${table} are in its default partition.`,
            isDefaultAhead === null
              ? 'The role that reads this does not see of when: `npm run db:report` does.'
              : 'They are of days before today, for which nobody makes a partition any more: they go when they are purged.',
          ),
        ]
      : []),
  ];
}
