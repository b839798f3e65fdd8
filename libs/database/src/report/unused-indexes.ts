import { type Ask, bytesText, notice, type Section } from './section.js';

export interface UnusedIndexFigures {
  table: string;
  index: string;
  bytes: number;
}

/** A smaller one costs too little to be worth a migration. */
const LEAST_BYTES = 1_048_576;

/** Indexes that nothing was looked up in since the counters began, but for those that enforce a rule. */
export async function readUnusedIndexes(ask: Ask): Promise<Section<UnusedIndexFigures[]>> {
  const figures = await ask<UnusedIndexFigures>(
    `SELECT s.relid::regclass::text AS table, s.indexrelid::regclass::text AS index,
            pg_relation_size(s.indexrelid)::float8 AS bytes
     FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
     WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
       AND pg_relation_size(s.indexrelid) >= $1
     ORDER BY bytes DESC, 2`,
    [LEAST_BYTES],
  );
  return {
    figures,
    findings: figures.map(({ table, index, bytes }) =>
      notice(
        `Nothing was ever looked up in the index ${index} on ${table} (${bytesText(bytes)}).`,
        'If that holds for a month with its monthly work, drop it by a migration (DROP INDEX CONCURRENTLY): every write pays for it.',
      ),
    ),
  };
}
