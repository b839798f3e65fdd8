import type { Catalogue } from './catalogue.js';
import { codeQueries } from './code-queries.js';
import { databaseQueries } from './database-queries.js';
import { relationQueries } from './relation-queries.js';

/** A connection that is in no transaction. */
export interface CatalogueClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** One schema of many that are to be alike, such as a tenant's. */
export interface OwnSchema {
  schema: string;
  /** What stands in its migrations for what is its own, to what that is here: `{ schema: 'tenant_a', tenantId: … }`. */
  placeholders: Readonly<Record<string, string>>;
}

/**
 * Reads what a database consists of: the schema `public` and what belongs to the database as a whole, or one own schema
 * alone. Locks nothing; any role may do it. Left out are what an extension made, partitions (their parent stands for
 * them) and the owner's own rights.
 */
export async function readCatalogue(client: CatalogueClient, own?: OwnSchema): Promise<Catalogue> {
  // One snapshot; and with the schema in the search path, PostgreSQL prints its names without it.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const path = own === undefined ? 'public' : `"${own.schema.replaceAll('"', '""')}", public`;
    await client.query("SELECT set_config('search_path', $1, true)", [path]);
    const catalogue: Catalogue = {};
    const replace = placeholdersOf(own);
    for (const query of [...(own ? [] : databaseQueries), ...relationQueries, ...codeQueries]) {
      const { rows } = await client.query(query, query.includes('$1') ? [own?.schema ?? 'public'] : []);
      for (const { object, part, definition } of rows) {
        (catalogue[replace(String(object))] ??= {})[replace(String(part))] = replace(String(definition));
      }
    }
    return catalogue;
  } finally {
    await client.query('ROLLBACK');
  }
}

function placeholdersOf(own: OwnSchema | undefined): (text: string) => string {
  const placeholders = Object.entries(own?.placeholders ?? {});
  return (text) =>
    placeholders.reduce((result, [name, value]) => result.replaceAll(value, `\${${name}}`), text);
}
