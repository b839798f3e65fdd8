import { findInvalidIndexes } from './invalid-indexes.js';
import type { MigrationSession } from './migration-session.js';
import type { Migration } from './migration-state.js';
import type { SchemaHistory } from './schema-history.js';

/** What a repair changed in the history, by script; it changes nothing else of the schema. */
export interface Repair {
  /** Rows of files that failed: they are pending again. */
  removed: string[];
  /** Applied, but the file is gone: marked as deleted. */
  deleted: string[];
  /** Checksum, digest and name now are those of the file. */
  aligned: string[];
  /** What a failed file left behind; a person has to remove it. */
  leftBehind: string[];
}

/** Flyway's repair, in one transaction. Migrations of a newer release than these files are left alone. */
export async function repairHistory(
  { client }: MigrationSession,
  history: SchemaHistory,
  schema: string,
  migrations: readonly Migration[],
): Promise<Repair> {
  const rowsOf = (isWanted: (migration: Migration) => boolean) =>
    migrations.flatMap((each) => (each.row && isWanted(each) ? [{ row: each.row, file: each.file }] : []));
  const failed = rowsOf(({ row }) => row?.success === false);
  const missing = rowsOf(({ state }) => state === 'Missing');
  const changed = rowsOf(
    ({ state, file, row, isChanged }) =>
      (state === 'Success' || state === 'Out of Order') &&
      row?.type === 'SQL' &&
      (isChanged || row.digest === null || row.description !== file?.description),
  );
  await client.query('BEGIN');
  try {
    await history.removeFailures();
    for (const { row } of missing)
      await history.insert({ ...row, type: 'DELETE', executionTimeMs: 0, digest: null });
    for (const { row, file } of changed) if (file) await history.align(row.rank, file);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  const scripts = (found: { row: { script: string } }[]) => found.map(({ row }) => row.script);
  return {
    removed: scripts(failed),
    deleted: scripts(missing),
    aligned: scripts(changed),
    leftBehind: await findInvalidIndexes(client, schema),
  };
}
