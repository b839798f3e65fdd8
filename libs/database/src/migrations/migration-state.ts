import type { MigrationFile, MigrationFolder } from './migration-files.js';
import type { AppliedMigration, MigrationType } from './schema-history.js';
import { compareVersions, type Version } from './version.js';

/** As Flyway's info shows them; docs/runbooks/migrations.md says what each means. */
export type MigrationState =
  | 'Pending'
  | 'Ignored'
  | 'Below Baseline'
  | 'Baseline'
  | 'Success'
  | 'Out of Order'
  | 'Failed'
  | 'Undone'
  | 'Deleted'
  | 'Outdated'
  | 'Superseded'
  | 'Missing'
  | 'Failed (Missing)'
  | 'Future'
  | 'Failed (Future)';

/** A file, a row of the history, or both, when they are one migration. */
export interface Migration {
  state: MigrationState;
  file: MigrationFile | undefined;
  row: AppliedMigration | undefined;
  /** The file is not what was applied: its digest differs, or its checksum where no digest was kept. */
  isChanged: boolean;
}

/** What a row of the history stands for today, apart from its file. */
interface Standing {
  row: AppliedMigration;
  isUndone: boolean;
  isDeleted: boolean;
}

/** Files and history side by side as Flyway pairs them: what was applied in that order, then what was not. */
export function compareWithHistory(folder: MigrationFolder, rows: readonly AppliedMigration[]): Migration[] {
  const standings = stand(rows);
  const alive = standings.filter(({ isUndone, isDeleted }) => !isUndone && !isDeleted).map(({ row }) => row);
  const baseline = newest(alive.filter((row) => row.type === 'BASELINE'));
  const lastApplied = newest(alive.filter((row) => row.type !== 'UNDO_SQL'));
  const lastResolved = newest(folder.versioned);
  const applied = standings.map((standing) => {
    const file = fileOf(standing.row, folder);
    const isLatest = !standings.some(
      ({ row }) => row.rank > standing.row.rank && isSameRepeatable(row, standing.row),
    );
    const earlier = alive.filter((row) => row.type !== 'UNDO_SQL' && row.rank < standing.row.rank);
    return describe(standing, file, {
      isLatest,
      lastResolved,
      isLate: isBefore(standing.row.version, newest(earlier)),
    });
  });
  const pendingVersions = folder.versioned
    .filter((file) => !alive.some((row) => row.type === 'SQL' && isSame(row.version, file.version)))
    .map((file) => notApplied(file, stateOfUnapplied(file.version, baseline, lastApplied)));
  const pendingRepeatables = folder.repeatable
    .filter((file) => !alive.some((row) => isLatestRunOf(row, file, rows)))
    .map((file) => notApplied(file, 'Pending'));
  return [...applied, ...pendingVersions, ...pendingRepeatables];
}

/** What a run applies, in this order. */
export function pendingOf(migrations: readonly Migration[]): MigrationFile[] {
  return migrations.flatMap(({ state, file }) => (state === 'Pending' && file ? [file] : []));
}

/** Carries out the rows that speak of earlier ones: an undo, and Flyway's mark of a repair that a migration is gone. */
function stand(rows: readonly AppliedMigration[]): Standing[] {
  const standings: Standing[] = [];
  for (const row of rows) {
    const target = standings.findLast(
      (each) =>
        !each.isDeleted &&
        !each.isUndone &&
        each.row.type === 'SQL' &&
        (row.version === null ? isSameRepeatable(each.row, row) : isSame(each.row.version, row.version)),
    );
    if (row.type === 'UNDO_SQL' && row.success && target) target.isUndone = true;
    if (row.type === 'DELETE') {
      if (target) target.isDeleted = true;
      continue;
    }
    standings.push({ row, isUndone: false, isDeleted: false });
  }
  return standings;
}

function describe(
  { row, isUndone, isDeleted }: Standing,
  file: MigrationFile | undefined,
  context: { isLatest: boolean; isLate: boolean; lastResolved: Version | undefined },
): Migration {
  const isChanged = file !== undefined && !matches(row, file);
  const state = (): MigrationState => {
    if (row.type === 'BASELINE') return 'Baseline';
    if (isDeleted) return 'Deleted';
    if (isUndone) return 'Undone';
    if (row.type === 'SCHEMA' || row.type === 'UNDO_SQL') return row.success ? 'Success' : 'Failed';
    const isSuperseded = row.version === null && !context.isLatest;
    if (file === undefined && !isSuperseded) {
      const isFuture = row.version !== null && !isBefore(row.version, context.lastResolved);
      if (isFuture) return row.success ? 'Future' : 'Failed (Future)';
      return row.success ? 'Missing' : 'Failed (Missing)';
    }
    if (!row.success) return 'Failed';
    if (isSuperseded) return 'Superseded';
    if (row.version === null) return isChanged ? 'Outdated' : 'Success';
    return context.isLate ? 'Out of Order' : 'Success';
  };
  return { state: state(), file, row, isChanged: isChanged && row.type === 'SQL' && row.version !== null };
}

function notApplied(file: MigrationFile, state: MigrationState): Migration {
  return { state, file, row: undefined, isChanged: false };
}

function stateOfUnapplied(
  version: Version,
  baseline: Version | undefined,
  lastApplied: Version | undefined,
): MigrationState {
  if (baseline !== undefined && compareVersions(version, baseline) <= 0) return 'Below Baseline';
  return isBefore(version, lastApplied) ? 'Ignored' : 'Pending';
}

function fileOf(row: AppliedMigration, folder: MigrationFolder): MigrationFile | undefined {
  if (row.type === 'UNDO_SQL') return folder.undo.find((file) => isSame(file.version, row.version));
  if (row.type !== 'SQL') return undefined;
  if (row.version === null) return folder.repeatable.find((file) => file.description === row.description);
  return folder.versioned.find((file) => isSame(file.version, row.version));
}

/** A repeatable file is run again when it changed since its latest run; one that failed waits for its repair. */
function isLatestRunOf(
  row: AppliedMigration,
  file: MigrationFile,
  rows: readonly AppliedMigration[],
): boolean {
  if (row.version !== null || row.type !== 'SQL' || row.description !== file.description) return false;
  return matches(row, file) && !rows.some((other) => other.rank > row.rank && isSameRepeatable(other, row));
}

function matches(row: AppliedMigration, file: MigrationFile): boolean {
  if (row.digest !== null) return row.digest === file.digest;
  return row.checksum === null || row.checksum === file.checksum;
}

function isSameRepeatable(a: AppliedMigration, b: AppliedMigration): boolean {
  return a.version === null && b.version === null && a.description === b.description && a.type !== 'SCHEMA';
}

function isSame(a: Version | null, b: Version | null): boolean {
  return a !== null && b !== null && compareVersions(a, b) === 0;
}

function isBefore(version: Version | null, other: Version | undefined): boolean {
  return version !== null && other !== undefined && compareVersions(version, other) < 0;
}

function newest(versioned: readonly { version: Version | null }[]): Version | undefined {
  return versioned.reduce<Version | undefined>(
    (found, { version }) => (version !== null && !isBefore(version, found) ? version : found),
    undefined,
  );
}

export interface MigrationInfo {
  version: string | null;
  description: string;
  type: MigrationType;
  script: string;
  state: MigrationState;
  /** The file changed after it was applied. */
  changed: boolean;
  installedOn: string | null;
  installedBy: string | null;
  executionTimeMs: number | null;
}

export function toInfo({ state, file, row, isChanged }: Migration): MigrationInfo {
  return {
    version: row?.versionText ?? file?.versionText ?? null,
    description: row?.description ?? file?.description ?? '',
    type: row?.type ?? 'SQL',
    script: row?.script ?? file?.script ?? '',
    state,
    changed: isChanged,
    installedOn: row?.installedOn.toISOString() ?? null,
    installedBy: row?.installedBy ?? null,
    executionTimeMs: row?.executionTimeMs ?? null,
  };
}
