import type { MigrationFile } from './migration-files.js';
import { MigrationError } from './migration-error.js';
import type { AppliedMigration } from './schema-history.js';
import { compareVersions } from './version.js';

/**
 * pending: will be applied next. success, failed: as recorded. missing: applied, but the file is gone.
 * ignored: a file older than the newest applied one, which will never be applied.
 */
export type MigrationState = 'pending' | 'success' | 'failed' | 'missing' | 'ignored';

export interface MigrationInfo {
  version: string;
  description: string;
  script: string;
  state: MigrationState;
  /** The file changed after it was applied. */
  changed: boolean;
  installedOn: string | null;
  installedBy: string | null;
  executionTimeMs: number | null;
}

/** Files and history side by side, by version. */
export function compareWithHistory(files: MigrationFile[], history: AppliedMigration[]): MigrationInfo[] {
  const applied = history.filter((row) => row.version !== null);
  const newest = applied.at(-1)?.version;
  const infos = files.map((file) => {
    const row = applied.find((each) => isVersion(each, file));
    if (row) return describe(row, file);
    const isLate = newest !== undefined && newest !== null && compareVersions(file.version, newest) < 0;
    return {
      version: file.versionText,
      description: file.description,
      script: file.script,
      state: isLate ? ('ignored' as const) : ('pending' as const),
      changed: false,
      installedOn: null,
      installedBy: null,
      executionTimeMs: null,
    };
  });
  const gone = applied.filter((row) => !files.some((file) => isVersion(row, file)));
  return [...gone.map((row) => describe(row, undefined)), ...infos];
}

/** @throws MigrationError naming everything that keeps this history from being carried on with these files */
export function requireSound(infos: MigrationInfo[]): void {
  const faults = infos.flatMap((info) => {
    if (info.changed) return [`${info.script} was changed after it was applied (its checksum differs).`];
    if (info.state === 'failed') return [`${info.script} failed before and was not repaired.`];
    if (info.state === 'missing') return [`${info.script} was applied, but the file is gone.`];
    if (info.state === 'ignored') return [`${info.script} is older than what was applied already.`];
    return [];
  });
  if (faults.length > 0) throw new MigrationError(faults.join('\n'));
}

function isVersion(row: AppliedMigration, file: MigrationFile): boolean {
  return row.version !== null && compareVersions(row.version, file.version) === 0;
}

function describe(row: AppliedMigration, file: MigrationFile | undefined): MigrationInfo {
  return {
    version: row.versionText ?? '',
    description: row.description,
    script: row.script,
    state: !row.success ? 'failed' : file ? 'success' : 'missing',
    changed: file !== undefined && row.checksum !== null && row.checksum !== file.checksum,
    installedOn: row.installedOn.toISOString(),
    installedBy: row.installedBy,
    executionTimeMs: row.executionTimeMs,
  };
}
