import { type Ask, percentText, type Section, warning } from './section.js';

export interface CacheFigures {
  /** Share of blocks that were found in PostgreSQL's own cache; null before anything was read. */
  hitRatio: number | null;
  blocksRead: number;
  /** ISO instant the counters began at; null when they were never reset. */
  since: string | null;
}

const LEAST_RATIO = 0.95;
/** Below it the ratio says only that the server was started not long ago. */
const TELLING_READS = 50_000;

export async function readCache(ask: Ask): Promise<Section<CacheFigures>> {
  const [row] = await ask<{ hits: number; reads: number; since: Date | null }>(
    `SELECT blks_hit::float8 AS hits, blks_read::float8 AS reads, stats_reset AS since
     FROM pg_stat_database WHERE datname = current_database()`,
  );
  const { hits, reads, since } = row ?? { hits: 0, reads: 0, since: null };
  const hitRatio = hits + reads === 0 ? null : hits / (hits + reads);
  const isPoor = hitRatio !== null && hitRatio < LEAST_RATIO && reads > TELLING_READS;
  return {
    figures: { hitRatio, blocksRead: reads, since: since?.toISOString() ?? null },
    findings: isPoor
      ? [
          warning(
            `Only ${percentText(hitRatio)} of the blocks were found in the cache.`,
            'Raise shared_buffers (a quarter of the memory is usual), or find what reads whole tables: see the statements ' +
              'and the missing indexes.',
          ),
        ]
      : [],
  };
}
