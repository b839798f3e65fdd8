import { MigrationError } from './migration-error.js';
import type { Migration } from './migration-state.js';

/** What keeps a history from being carried on with these files; one line for each fault. */
export function faultsOf(migrations: readonly Migration[]): string[] {
  return migrations.flatMap(({ state, file, row, isChanged }) => {
    const script = row?.script ?? file?.script ?? '';
    if (state === 'Failed' || state === 'Failed (Missing)') {
      return [`${script} failed and was not repaired: remove what it left behind, then run repair.`];
    }
    if (state === 'Ignored') return [`${script} is older than what was applied already.`];
    if (state === 'Missing') return [`${script} was applied, but the file is gone.`];
    if (state === 'Undone' || state === 'Deleted') return [];
    if (isChanged) return [`${script} was changed after it was applied (its checksum differs).`];
    // What an undo did is done, whatever its file is called by now: repair could not mend it, and nothing depends on it.
    if (file && row?.type === 'SQL' && row.version && row.description !== file.description) {
      return [`${file.script} was applied as ${row.script}: a file keeps its name.`];
    }
    return [];
  });
}

/** @throws MigrationError naming every fault */
export function requireSound(migrations: readonly Migration[]): void {
  const faults = faultsOf(migrations);
  if (faults.length > 0) throw new MigrationError(faults.join('\n'));
}
