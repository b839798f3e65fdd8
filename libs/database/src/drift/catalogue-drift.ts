import { relative } from 'node:path';
import { migrationsFolder } from '../migrations/migration-files.js';
import { type Catalogue, compareCatalogues } from './catalogue.js';
import {
  cataloguePath,
  type ExpectedCatalogue,
  fingerprintMigrations,
  readExpectedCatalogue,
} from './catalogue-file.js';
import { type CatalogueClient, readCatalogue, readSchemaCatalogue } from './read-catalogue.js';

/**
 * What a migrated database has otherwise than a freshly migrated one, a line each. Only of use when every migration of
 * this checkout was applied.
 */
export async function findCatalogueDrift(client: CatalogueClient, service: string): Promise<string[]> {
  return withExpected(service, async (expected) =>
    differences(await describeServer(client), await readCatalogue(client), expected),
  );
}

/**
 * The same for one of many schemas that are to be alike.
 * @param name the folder of their migrations
 * @param placeholders see readSchemaCatalogue
 */
export async function findSchemaDrift(
  client: CatalogueClient,
  name: string,
  schema: string,
  placeholders: Readonly<Record<string, string>>,
): Promise<string[]> {
  return withExpected(name, async (expected) =>
    differences(
      await describeServer(client),
      await readSchemaCatalogue(client, schema, placeholders),
      expected,
    ),
  );
}

async function withExpected(
  name: string,
  compare: (expected: ExpectedCatalogue) => Promise<string[]>,
): Promise<string[]> {
  const path = cataloguePath(name);
  const file = relative(migrationsFolder('..'), path);
  const expected = await readExpectedCatalogue(path);
  if (expected === undefined) return [`${file} is missing: run npm run catalogue and commit it`];
  if (expected.madeFrom !== (await fingerprintMigrations(migrationsFolder(name)))) {
    return [`${file} is not of these migrations: run npm run catalogue and commit it`];
  }
  return compare(expected);
}

interface Server {
  majorVersion: number;
  hasTimescale: boolean;
}

export async function describeServer(client: CatalogueClient): Promise<Server> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::integer / 10000 AS "majorVersion",
            EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS "hasTimescale"`,
  );
  return rows[0] as unknown as Server;
}

/** @param server where `found` was read; the expected catalogue is of a server without TimescaleDB */
export function differences(server: Server, found: Catalogue, expected: ExpectedCatalogue): string[] {
  const isIncomparable = (object: string, part: string): boolean => {
    // Each major version prints queries a little differently.
    if (part === 'definition' && /view /.test(object) && server.majorVersion !== expected.postgres)
      return true;
    // TimescaleDB partitions in its own way, with a trigger and an index of its own.
    const isPartitioned = expected.objects[object]?.['kind']?.startsWith('partitioned');
    return (
      server.hasTimescale &&
      isPartitioned === true &&
      /^(kind|default partition|index |trigger ts_)/.test(part)
    );
  };
  const comparable = (catalogue: Catalogue): Catalogue =>
    Object.fromEntries(
      Object.entries(catalogue).map(([object, parts]) => [
        object,
        Object.fromEntries(Object.entries(parts).filter(([part]) => !isIncomparable(object, part))),
      ]),
    );
  return compareCatalogues(comparable(found), comparable(expected.objects));
}
