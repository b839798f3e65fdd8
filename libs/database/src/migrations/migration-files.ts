import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flywayChecksum } from './checksum.js';
import { MigrationError } from './migration-error.js';
import { compareVersions, parseVersion, type Version } from './version.js';

export interface MigrationFile {
  /** As the file's name has it, such as "1.0.0"; what flyway_schema_history holds. */
  versionText: string;
  version: Version;
  description: string;
  script: string;
  checksum: number;
  sql: string;
}

const FILE_NAME = /^V(\d+(?:[._]\d+)*)__(.+)\.sql$/;

/** `migrations/<service>` of this checkout; the same from sources and from the build. */
export function migrationsFolder(service: string): string {
  return fileURLToPath(new URL(`../../../../migrations/${service}`, import.meta.url));
}

/** @returns the versioned migrations of a folder, oldest first */
export async function readMigrationFiles(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'));
  const files = await Promise.all(names.map((name) => readMigrationFile(folder, name)));
  files.sort((a, b) => compareVersions(a.version, b.version));
  files.forEach((file, index) => {
    const previous = files[index - 1];
    if (previous !== undefined && compareVersions(previous.version, file.version) === 0) {
      throw new MigrationError(`${previous.script} and ${file.script} have the same version.`);
    }
  });
  return files;
}

async function readMigrationFile(folder: string, name: string): Promise<MigrationFile> {
  const [, versionText, description] = FILE_NAME.exec(name) ?? [];
  // A misspelt name that is passed over would be a change that never happens.
  if (versionText === undefined || description === undefined) {
    throw new MigrationError(`${join(folder, name)} is not named V<version>__<Description>.sql.`);
  }
  const sql = await readFile(join(folder, name), 'utf8');
  return {
    versionText: versionText.replaceAll('_', '.'),
    version: parseVersion(versionText),
    description: description.replaceAll('_', ' '),
    script: name,
    checksum: flywayChecksum(sql),
    sql: sql.replace(/^\uFEFF/, ''),
  };
}
