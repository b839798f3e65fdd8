import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flywayChecksum, scriptDigest, withoutByteOrderMark } from './checksum.js';
import { MigrationError } from './migration-error.js';
import { type Placeholders, replacePlaceholders } from './placeholders.js';
import { defaultScriptOptions, readScriptOptions } from './script-options.js';
import { compareVersions, parseVersion, type Version } from './version.js';

interface ScriptFile {
  /** The file's name. */
  script: string;
  description: string;
  /** Flyway's; of a versioned file as it lies there, of a repeatable one with its placeholders replaced. */
  checksum: number;
  /** Ours: SHA-256 of the same text. */
  digest: string;
  /** With placeholders replaced. */
  sql: string;
  isTransactional: boolean;
}

export interface VersionedFile extends ScriptFile {
  kind: 'versioned' | 'undo';
  /** As the file's name has it, such as "1.0.0"; what flyway_schema_history holds. */
  versionText: string;
  version: Version;
}

export interface RepeatableFile extends ScriptFile {
  kind: 'repeatable';
  versionText: null;
  version: null;
}

export type MigrationFile = VersionedFile | RepeatableFile;

export interface MigrationFolder {
  /** Oldest first. */
  versioned: VersionedFile[];
  undo: VersionedFile[];
  /** By description, as they are run. */
  repeatable: RepeatableFile[];
}

const FILE_NAME = /^(?:([VU])(\d+(?:[._]\d+)*)|R)__(.+)\.sql$/;

/** `migrations/<service>` of this checkout; the same from sources and from the build. */
export function migrationsFolder(service: string): string {
  return fileURLToPath(new URL(`../../../../migrations/${service}`, import.meta.url));
}

/** @throws MigrationError for a misspelt name, two files of one version or description, or an unknown placeholder */
export async function readMigrationFolder(
  folder: string,
  placeholders: Placeholders = {},
): Promise<MigrationFolder> {
  const names = await readdir(folder);
  const configured = new Set(names.filter((name) => name.endsWith('.sql.conf')));
  const scripts = names.filter((name) => name.endsWith('.sql'));
  const orphan = [...configured].find((name) => !scripts.includes(name.slice(0, -'.conf'.length)));
  if (orphan !== undefined) throw new MigrationError(`${join(folder, orphan)} belongs to no file.`);
  const files = await Promise.all(
    scripts.map((name) => readMigrationFile(folder, name, configured.has(`${name}.conf`), placeholders)),
  );
  const ofVersion = (kind: VersionedFile['kind']) =>
    files
      .filter((file): file is VersionedFile => file.kind === kind)
      .sort((a, b) => compareVersions(a.version, b.version));
  const repeatable = files
    .filter((file): file is RepeatableFile => file.kind === 'repeatable')
    .sort((a, b) => (a.description < b.description ? -1 : 1));
  const [versioned, undo] = [ofVersion('versioned'), ofVersion('undo')];
  for (const kind of [versioned, undo]) requireDistinctVersions(kind);
  requireDistinctDescriptions(repeatable);
  return { versioned, undo, repeatable };
}

/** The newest version among the file names of a folder. */
export async function newestVersion(folder: string): Promise<string | undefined> {
  const versions = (await readdir(folder)).flatMap((name) => {
    const [, prefix, versionText] = FILE_NAME.exec(name) ?? [];
    return prefix === 'V' && versionText !== undefined ? [versionText.replaceAll('_', '.')] : [];
  });
  return versions.sort((a, b) => compareVersions(parseVersion(a), parseVersion(b))).at(-1);
}

function requireDistinctVersions(files: readonly VersionedFile[]): void {
  files.forEach((file, index) => {
    const previous = files[index - 1];
    if (previous !== undefined && compareVersions(previous.version, file.version) === 0) {
      throw new MigrationError(`${previous.script} and ${file.script} have the same version.`);
    }
  });
}

/** A repeatable file is known to the history by its description. */
function requireDistinctDescriptions(files: readonly RepeatableFile[]): void {
  files.forEach((file, index) => {
    const previous = files[index - 1];
    if (previous?.description === file.description) {
      throw new MigrationError(`${previous.script} and ${file.script} have the same description.`);
    }
  });
}

async function readMigrationFile(
  folder: string,
  name: string,
  isConfigured: boolean,
  placeholders: Placeholders,
): Promise<MigrationFile> {
  const [matches, prefix, versionText, description = ''] = FILE_NAME.exec(name) ?? [];
  // A misspelt name that is passed over would be a change that never happens.
  if (matches === undefined) {
    throw new MigrationError(
      `${join(folder, name)} is not named V<version>__<Description>.sql (or U…, or R__…).`,
    );
  }
  const path = join(folder, name);
  const text = withoutByteOrderMark(await readFile(path, 'utf8'));
  const options = isConfigured ? await readScriptOptions(`${path}.conf`) : defaultScriptOptions();
  const sql = options.placeholderReplacement ? replacePlaceholders(name, text, placeholders) : text;
  const isRepeatable = versionText === undefined;
  const script = {
    script: name,
    description: description.replaceAll('_', ' '),
    checksum: flywayChecksum(isRepeatable ? sql : text),
    digest: scriptDigest(isRepeatable ? sql : text),
    sql,
    isTransactional: options.executeInTransaction,
  };
  if (isRepeatable) return { ...script, kind: 'repeatable', versionText: null, version: null };
  return {
    ...script,
    kind: prefix === 'U' ? 'undo' : 'versioned',
    versionText: versionText.replaceAll('_', '.'),
    version: parseVersion(versionText),
  };
}
