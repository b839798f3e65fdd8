import type { Catalogue } from './catalogue.js';
import { codeQueries } from './code-queries.js';
import { databaseQueries, schemasBesidePublic } from './database-queries.js';
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
 * Reads what a database consists of: the schema `public`, what belongs to the database as a whole, and the roles of its
 * service; or one own schema alone. Locks nothing. Left out are what an extension made, partitions (their parent stands
 * for them) and the owner's own rights.
 * @param client the owner or a superuser: nobody else may ask which schemas are tenants'
 * @param name the folder of the migrations: a service, or `monitor-tenant`
 */
export async function readCatalogue(
  client: CatalogueClient,
  name: string,
  own?: OwnSchema,
): Promise<Catalogue> {
  // One snapshot; and with the schema in the search path, PostgreSQL prints its names without it.
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const path = own === undefined ? 'public' : `"${own.schema.replaceAll('"', '""')}", public`;
    await client.query("SELECT set_config('search_path', $1, true)", [path]);
    const catalogue: Catalogue = {};
    const replace = placeholdersOf(own);
    const add = async (query: string, subject: string) => {
      const { rows } = await client.query(query, query.includes('$1') ? [subject] : []);
      for (const { object, part, definition } of rows) {
        (catalogue[replace(String(object))] ??= {})[replace(String(part))] = replace(String(definition));
      }
    };
    if (own === undefined) {
      for (const query of databaseQueries) await add(query, name);
      await add(schemasBesidePublic(await hasTenants(client)), name);
    }
    for (const query of [...relationQueries, ...codeQueries]) await add(query, own?.schema ?? 'public');
    return catalogue;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function hasTenants(client: CatalogueClient): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT to_regprocedure('public.tenant_find_by_schema(text)') IS NOT NULL AS found",
  );
  return rows[0]?.['found'] === true;
}

function placeholdersOf(own: OwnSchema | undefined): (text: string) => string {
  const placeholders = Object.entries(own?.placeholders ?? {});
  return (text) =>
    placeholders.reduce((result, [name, value]) => result.replaceAll(value, `\${${name}}`), text);
}
