import { type Ask, type Section } from './section.js';

export interface DiskFigures {
  databaseBytes: number;
  /** The largest tables, partitions by themselves. */
  tables: { table: string; bytes: number; indexBytes: number }[];
}

const SHOWN = 10;

export async function readDisk(ask: Ask): Promise<Section<DiskFigures>> {
  const [size] = await ask<{ bytes: number }>('SELECT pg_database_size(current_database())::float8 AS bytes');
  const tables = await ask<DiskFigures['tables'][number]>(
    `SELECT relid::regclass::text AS table, pg_total_relation_size(relid)::float8 AS bytes,
            pg_indexes_size(relid)::float8 AS "indexBytes"
     FROM pg_stat_user_tables ORDER BY bytes DESC, 1 LIMIT ${SHOWN}`,
  );
  return { figures: { databaseBytes: size?.bytes ?? 0, tables }, findings: [] };
}
