import { type Ask, bytesText, notice, percentText, type Section, warning } from './section.js';

export interface BloatFigures {
  table: string;
  bytes: number;
  deadRows: number;
  liveRows: number;
  /** Estimate of the bytes that a rewritten table would not have; null where its statistics can't be read. */
  wastedBytes: number | null;
  lastVacuum: string | null;
}

const SHOWN = 10;
const LEAST_BYTES = 10 * 1_048_576;
const MUCH_WASTE = 0.5;
const LEAST_DEAD_ROWS = 10_000;
const MANY_DEAD = 0.2;

/**
 * An estimate: rows as ANALYZE counted them, each a 28-byte head and its average columns rounded up to 8 bytes, in pages
 * as full as the table fills them. Tables under policies show their statistics only to a role that passes these.
 */
const TABLES = `
  WITH widths AS (
    SELECT schemaname, tablename, sum(avg_width * (1 - null_frac)) AS width
    FROM pg_stats WHERE NOT inherited GROUP BY 1, 2
  )
  SELECT s.relid::regclass::text AS table, pg_relation_size(s.relid)::float8 AS bytes, s.n_dead_tup::float8 AS "deadRows",
         s.n_live_tup::float8 AS "liveRows",
         CASE WHEN w.width IS NOT NULL AND c.reltuples >= 0 THEN greatest(0, pg_relation_size(s.relid) - current_setting('block_size')::integer *
           ceil(greatest(c.reltuples, 0) * (28 + ceil(w.width / 8) * 8) / (current_setting('block_size')::integer - 24)
             * 100 / coalesce(substring(array_to_string(c.reloptions, ',') FROM 'fillfactor=(\\d+)')::integer, 100))
         )::float8 END AS "wastedBytes",
         greatest(s.last_vacuum, s.last_autovacuum) AS "lastVacuum"
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  LEFT JOIN widths w ON w.schemaname = s.schemaname AND w.tablename = s.relname
  ORDER BY "wastedBytes" DESC NULLS LAST, "deadRows" DESC, 1 LIMIT ${SHOWN}`;

export async function readBloat(ask: Ask): Promise<Section<BloatFigures[]>> {
  const rows = await ask<Omit<BloatFigures, 'lastVacuum'> & { lastVacuum: Date | null }>(TABLES);
  const figures = rows.map((row) => ({ ...row, lastVacuum: row.lastVacuum?.toISOString() ?? null }));
  return {
    figures,
    findings: figures.flatMap((table) => [
      ...(isWasteful(table)
        ? [
            notice(
              `About ${percentText((table.wastedBytes ?? 0) / table.bytes)} of ${table.table} (${bytesText(table.bytes)}) is empty space.`,
              'VACUUM keeps it for new rows, which is fine unless the table shrank for good; then rewrite it with pg_repack, ' +
                'or with VACUUM FULL while the service is down.',
            ),
          ]
        : []),
      ...(table.deadRows >= LEAST_DEAD_ROWS && table.deadRows > MANY_DEAD * (table.liveRows + table.deadRows)
        ? [
            warning(
              `${table.deadRows} dead rows lie in ${table.table}, beside ${table.liveRows} live ones.`,
              'See whether an old transaction holds them; else VACUUM (ANALYZE) it, and lower its autovacuum_vacuum_scale_factor.',
            ),
          ]
        : []),
    ]),
  };
}

function isWasteful({ bytes, wastedBytes }: BloatFigures): boolean {
  return wastedBytes !== null && bytes >= LEAST_BYTES && wastedBytes >= MUCH_WASTE * bytes;
}
