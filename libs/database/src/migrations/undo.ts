import { MigrationError } from './migration-error.js';
import type { MigrationFolder, VersionedFile } from './migration-files.js';
import type { Migration } from './migration-state.js';
import { compareVersions, type Version } from './version.js';

/**
 * The file that takes back the newest version that is applied.
 * @throws MigrationError when nothing is applied, or when nobody wrote how to take it back
 */
export function undoOfNewest(folder: MigrationFolder, migrations: readonly Migration[]): VersionedFile {
  const applied = migrations.flatMap(({ row, state }) =>
    row?.type === 'SQL' && row.version !== null && state !== 'Undone' && state !== 'Deleted'
      ? [{ version: row.version, script: row.script }]
      : [],
  );
  const newest = applied.sort((a, b) => compareVersions(a.version, b.version)).at(-1);
  if (!newest) throw new MigrationError('Nothing is applied that could be undone.');
  const file = folder.undo.find((each) => isVersion(each.version, newest.version));
  if (!file) throw new MigrationError(`There is no U file for ${newest.script}, so it can't be undone.`);
  return file;
}

function isVersion(a: Version, b: Version): boolean {
  return compareVersions(a, b) === 0;
}
