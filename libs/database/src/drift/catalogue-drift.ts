import { relative } from 'node:path';
import { migrationsFolder } from '../migrations/migration-files.js';
import type { MigrationInfo } from '../migrations/migration-state.js';
import { type Catalogue, compareCatalogues } from './catalogue.js';
import {
  cataloguePath,
  type ExpectedCatalogue,
  fingerprintMigrations,
  readExpectedCatalogue,
  writeExpectedCatalogue,
} from './catalogue-file.js';
import { type CatalogueClient, type OwnSchema, readCatalogue } from './read-catalogue.js';

/** With a migration in one of these states, a database is not what the files of this checkout make. */
const ANOTHER_SCHEMA: readonly MigrationInfo['state'][] = [
  'Pending',
  'Ignored',
  'Failed',
  'Outdated',
  'Missing',
  'Failed (Missing)',
  'Future',
  'Failed (Future)',
];

/**
 * What a database, or one own schema of it, has otherwise than a freshly migrated one: a line each.
 * @param migrations the state of each in that database
 * @param name the folder of the migrations: a service, or `monitor-tenant`
 */
export async function findCatalogueDrift(
  client: CatalogueClient,
  migrations: readonly MigrationInfo[],
  name: string,
  own?: OwnSchema,
): Promise<string[]> {
  if (migrations.some(({ state }) => ANOTHER_SCHEMA.includes(state))) {
    return ['not compared: the migrations applied are not those of this checkout'];
  }
  const path = cataloguePath(name);
  const file = relative(migrationsFolder('..'), path);
  const expected = await readExpectedCatalogue(path);
  if (expected === undefined) return [`${file} is missing: run npm run catalogue and commit it`];
  if (expected.madeFrom !== (await fingerprintMigrations(migrationsFolder(name)))) {
    return [`${file} is not of these migrations: run npm run catalogue and commit it`];
  }
  return differencesOn(await describeServer(client), await readCatalogue(client, name, own), expected);
}

/** Writes what a freshly migrated database, or schema, consists of into its file. */
export async function recordCatalogue(client: CatalogueClient, name: string, own?: OwnSchema): Promise<void> {
  const { majorVersion } = await describeServer(client);
  await writeExpectedCatalogue(cataloguePath(name), {
    madeFrom: await fingerprintMigrations(migrationsFolder(name)),
    postgres: majorVersion,
    objects: await readCatalogue(client, name, own),
  });
}

interface Server {
  majorVersion: number;
  hasTimescale: boolean;
}

async function describeServer(client: CatalogueClient): Promise<Server> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::integer / 10000 AS "majorVersion",
            EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS "hasTimescale"`,
  );
  return rows[0] as unknown as Server;
}

/** @param server where `found` was read; what is expected was read on a server without TimescaleDB */
export function differencesOn(server: Server, found: Catalogue, expected: ExpectedCatalogue): string[] {
  const isComparable = (object: string, part: string): boolean => {
    // Each major version prints queries a little differently.
    if (part === 'definition' && object.includes('view ') && server.majorVersion !== expected.postgres) {
      return false;
    }
    // TimescaleDB partitions in its own way, with a trigger and an index of its own.
    const isPartitioned = expected.objects[object]?.['kind']?.startsWith('partitioned') === true;
    return !(
      server.hasTimescale &&
      isPartitioned &&
      /^(kind|default partition|index |trigger ts_)/.test(part)
    );
  };
  const comparable = (catalogue: Catalogue): Catalogue =>
    Object.fromEntries(
      Object.entries(catalogue).map(([object, parts]) => [
        object,
        Object.fromEntries(Object.entries(parts).filter(([part]) => isComparable(object, part))),
      ]),
    );
  return compareCatalogues(comparable(found), comparable(expected.objects));
}
