import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files whose whole content the program determines; nothing else of their kind belongs in the folder. */
export interface GeneratedFiles {
  folder: string;
  /** Which files of the folder are generated; one of them that is no longer wanted is stale. */
  owns: (name: string) => boolean;
  contents: Map<string, string>;
}

export async function writeFiles({ folder, owns, contents }: GeneratedFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await filesOf(folder)) {
    if (owns(name) && !contents.has(name)) await rm(join(folder, name));
  }
  for (const [name, content] of contents) await writeFile(join(folder, name), content);
}

/** One line for each file that is missing, outdated or should no longer be there. */
export async function staleFiles({ folder, owns, contents }: GeneratedFiles): Promise<string[]> {
  const present = await filesOf(folder);
  const superfluous = present.filter((name) => owns(name) && !contents.has(name));
  const faults = superfluous.map((name) => `${join(folder, name)} is no longer generated`);
  for (const [name, content] of contents) {
    if (!present.includes(name)) faults.push(`${join(folder, name)} is missing`);
    else if ((await readFile(join(folder, name), 'utf8')) !== content) {
      faults.push(`${join(folder, name)} is out of date`);
    }
  }
  return faults;
}

async function filesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
