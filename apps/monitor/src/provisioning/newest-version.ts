import { readdir } from 'node:fs/promises';

const VERSIONED = /^V([\d._]+)__/;

/** The newest version among the files of a folder, as `flyway_schema_history` has it. */
export async function newestVersion(folder: string): Promise<string> {
  const versions = (await readdir(folder)).flatMap((name) => {
    const [, version] = VERSIONED.exec(name) ?? [];
    return version === undefined ? [] : [version.replaceAll('_', '.')];
  });
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest === undefined) throw new Error(`${folder} has no migrations.`);
  return newest;
}
