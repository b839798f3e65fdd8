/**
 * What a freshly migrated database consists of, kept beside the migrations: `migrations/catalogues/<name>.json`.
 *
 * A file, and not a second database made on the spot, because the owner may not create databases, and in production the
 * owner is all an operator has. `npm run catalogue` writes it from empty databases; `npm run check` makes them anew and
 * fails when the file is not what they have. So the file says what migrations do, and a review sees it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationsFolder } from '../migrations/migration-files.js';
import type { Catalogue } from './catalogue.js';

export interface ExpectedCatalogue {
  /** Of the migrations it was made from: see {@link fingerprintMigrations}. */
  madeFrom: string;
  /** The major version of the server that printed the definitions. */
  postgres: number;
  objects: Catalogue;
}

/** In the file a text of several lines is an array of them, so that a changed line of a function shows as one. */
interface StoredCatalogue extends Omit<ExpectedCatalogue, 'objects'> {
  objects: Record<string, Record<string, string | string[]>>;
}

/** @param name a folder of migrations: a service, or `monitor-tenant` */
export function cataloguePath(name: string): string {
  return join(migrationsFolder('catalogues'), `${name}.json`);
}

/** @returns undefined when there is no file */
export async function readExpectedCatalogue(path: string): Promise<ExpectedCatalogue | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as StoredCatalogue;
  return { ...stored, objects: mapParts(stored.objects, (part) => [part].flat().join('\n')) };
}

export async function writeExpectedCatalogue(path: string, catalogue: ExpectedCatalogue): Promise<void> {
  const objects = mapParts(catalogue.objects, (part) => (part.includes('\n') ? part.split('\n') : part));
  await writeFile(path, `${JSON.stringify({ ...catalogue, objects }, null, 2)}\n`);
}

/** Names and texts of all migrations of a folder; the same for a checkout with other line ends. */
export async function fingerprintMigrations(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^[VR].*\.sql(\.conf)?$/.test(name)).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8');
    hash.update(`${name}\n${text.replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex');
}

/** Sorted, so that a difference between two files is one of content. */
function mapParts<A, B>(
  objects: Record<string, Record<string, A>>,
  map: (part: A) => B,
): Record<string, Record<string, B>> {
  const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return Object.fromEntries(
    Object.entries(objects)
      .sort(byName)
      .map(([object, parts]) => [
        object,
        Object.fromEntries(
          Object.entries(parts)
            .sort(byName)
            .map(([part, definition]) => [part, map(definition)]),
        ),
      ]),
  );
}
