import type { Catalogue } from './catalogue.js';
import { codeQueries } from './code-queries.js';
import { databaseQueries } from './database-queries.js';
import { relationQueries } from './relation-queries.js';

/** A connection of its own, outside of any transaction. */
export interface CatalogueClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/**
 * Reads the schema `public` and what belongs to the database as a whole. Locks nothing; any role may do it.
 * Left out are what an extension made, partitions (their parent stands for them) and the owner's own rights.
 */
export async function readCatalogue(client: CatalogueClient): Promise<Catalogue> {
  return read(client, 'public', [...databaseQueries, ...relationQueries, ...codeQueries]);
}

/**
 * Reads one schema of many that are to be alike.
 * @param placeholders what is this schema's own (its name, its tenant) to what stands for it in every schema
 */
export async function readSchemaCatalogue(
  client: CatalogueClient,
  schema: string,
  placeholders: Readonly<Record<string, string>>,
): Promise<Catalogue> {
  const replace = (text: string): string =>
    Object.entries(placeholders).reduce((result, [own, common]) => result.replaceAll(own, common), text);
  return read(client, schema, [...relationQueries, ...codeQueries], replace);
}

async function read(
  client: CatalogueClient,
  schema: string,
  queries: readonly string[],
  replace: (text: string) => string = (text) => text,
): Promise<Catalogue> {
  // One snapshot; and with the schema in the search path, PostgreSQL prints its names without it.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const path = schema === 'public' ? 'public' : `"${schema.replaceAll('"', '""')}", public`;
    await client.query("SELECT set_config('search_path', $1, true)", [path]);
    const catalogue: Catalogue = {};
    for (const query of queries) {
      const { rows } = await client.query(query, query.includes('$1') ? [schema] : []);
      for (const { object, part, definition } of rows) {
        (catalogue[replace(String(object))] ??= {})[replace(String(part))] = replace(String(definition));
      }
    }
    return catalogue;
  } finally {
    await client.query('ROLLBACK');
  }
}
