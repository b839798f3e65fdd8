import { type ApplyOptions, entryOf, opening } from './apply-file.js';
import type { MigrationFile } from './migration-files.js';
import type { SchemaHistory } from './schema-history.js';

/** The statements of a run in their order, as text that psql could run. */
export function renderDryRun(
  history: SchemaHistory,
  found: { history: boolean; digests: boolean },
  pending: readonly MigrationFile[],
  options: ApplyOptions,
): string {
  const tables = [found.history ? '' : history.creation(), found.digests ? '' : history.digestsCreation()];
  const files = pending.map((file) => {
    const entry = history.insertion(entryOf(file, { executionTimeMs: 0 }));
    // On a line of its own: the file may end with a comment, or without its semicolon.
    const body = [file.sql.trimEnd(), ';', entry];
    const lines = file.isTransactional ? ['BEGIN;', ...body, 'COMMIT;'] : body;
    return [`-- ${file.script}`, opening(options), ...lines, ''].join('\n');
  });
  return [...tables.filter((each) => each !== ''), ...files].join('\n').trimStart();
}
