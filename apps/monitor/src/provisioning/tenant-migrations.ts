import { readdir } from 'node:fs/promises';
import { MigrationError, migrationsFolder, newestVersion } from '@capsule/database/migrations';

export const TENANT_MIGRATIONS = migrationsFolder('monitor-tenant');

/**
 * The version that all tenants are brought to.
 * @throws MigrationError when there is none, or a file without one: who is behind is found by the version, so a repeatable
 *   file that changed would never reach the tenants that are finished
 */
export async function targetVersion(folder: string): Promise<string> {
  const repeatable = (await readdir(folder)).find((name) => name.startsWith('R__'));
  if (repeatable !== undefined) {
    throw new MigrationError(`${repeatable} can't be a migration of tenants: give it a version (V…).`);
  }
  const newest = await newestVersion(folder);
  if (newest === undefined) throw new MigrationError(`There are no migrations in ${folder}.`);
  return newest;
}
