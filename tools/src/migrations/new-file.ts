import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareVersions, MigrationError, parseVersion, newestVersion } from '@capsule/database/migrations';
import type { Options } from './arguments.js';

const DESCRIPTION = /^[A-Za-z][A-Za-z0-9 -]*$/;
const VERSION = /^\d+\.\d+\.\d+$/;

/** A skeleton that is run by accident must not count as applied. */
const UNWRITTEN = "DO $$ BEGIN RAISE EXCEPTION 'this migration is not written yet'; END $$;\n";

const MIGRATION = (description: string) => `-- ${description}: why it is needed, and for whom.
--
-- The release before this one goes on reading and writing while this runs, and may come back: only add what it can do
-- without. What takes something away waits for the next release. See docs/runbooks/migrations.md.

${UNWRITTEN}`;

const UNDO = (script: string) => `-- Takes back ${script}. What was written into it since is lost.

${UNWRITTEN}`;

const REPEATABLE = (description: string) => `-- ${description}.
--
-- Runs again whenever this file changes, after all versions, so it has to replace what an earlier text of it made.

${UNWRITTEN}`;

/**
 * Writes the skeleton of the next migration of a folder, and what goes beside it.
 * @returns the names of the files
 */
export async function writeNewFile(folder: string, description: string, options: Options): Promise<string[]> {
  if (!DESCRIPTION.test(description)) {
    throw new MigrationError('A description is made of letters, digits, blanks and hyphens.');
  }
  const name = description.replaceAll(' ', '_');
  const version = options.repeatable ? undefined : await nextVersion(folder, options.version);
  const script = version === undefined ? `R__${name}.sql` : `V${version}__${name}.sql`;
  const files: [string, string][] = [
    [script, version === undefined ? REPEATABLE(description) : MIGRATION(description)],
  ];
  if (options['no-transaction']) files.push([`${script}.conf`, 'executeInTransaction=false\n']);
  if (options.undo && version !== undefined) files.push([`U${version}__${name}.sql`, UNDO(script)]);
  for (const [file, text] of files) await writeFile(join(folder, file), text, { flag: 'wx' });
  return files.map(([file]) => file);
}

async function nextVersion(folder: string, wanted: string | undefined): Promise<string> {
  const newest = await newestVersion(folder);
  if (wanted === undefined) {
    if (newest === undefined) return '1.0.0';
    const [major, minor] = newest.split('.').map(BigInt);
    return `${major}.${(minor ?? 0n) + 1n}.0`;
  }
  if (!VERSION.test(wanted)) throw new MigrationError(`${wanted} is not <major>.<minor>.<patch>.`);
  if (newest !== undefined && compareVersions(parseVersion(wanted), parseVersion(newest)) <= 0) {
    throw new MigrationError(`${wanted} does not come after ${newest}, so it would never be run.`);
  }
  return wanted;
}
