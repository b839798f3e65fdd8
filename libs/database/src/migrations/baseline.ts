import { MigrationError } from './migration-error.js';
import { type AppliedMigration, type SchemaHistory } from './schema-history.js';
import { compareVersions, parseVersion } from './version.js';

const DESCRIPTION = '<< Flyway Baseline >>';

/**
 * Says of a database that was made otherwise: it is as the migrations up to this version would have made it. They are
 * never run then.
 * @returns false when the history says so already
 * @throws MigrationError when migrations were applied, or another baseline was set
 */
export async function setBaseline(
  history: SchemaHistory,
  rows: readonly AppliedMigration[],
  versionText: string,
): Promise<boolean> {
  const [existing, ...others] = rows.filter((row) => row.type !== 'SCHEMA');
  if (existing) {
    const isSame =
      existing.version !== null && compareVersions(existing.version, parseVersion(versionText)) === 0;
    if (existing.type === 'BASELINE' && isSame && others.length === 0) return false;
    throw new MigrationError(
      existing.type === 'BASELINE'
        ? `The history has the baseline ${existing.versionText} already.`
        : `The history begins with ${existing.script}, so there is nothing to baseline.`,
    );
  }
  await history.insert({
    versionText,
    description: DESCRIPTION,
    type: 'BASELINE',
    script: DESCRIPTION,
    checksum: null,
    digest: null,
    executionTimeMs: 0,
    success: true,
  });
  return true;
}
