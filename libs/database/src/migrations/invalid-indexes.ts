import type pg from 'pg';

// Not those of a partitioned table, which are invalid until every partition has its own, nor those that are being built.
const INVALID = `
  SELECT format('%I.%I', n.nspname, i.relname) AS name, format('%I', t.relname) AS of
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_class t ON t.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = i.relnamespace
  WHERE NOT x.indisvalid AND i.relkind = 'i' AND n.nspname = $1
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = x.indexrelid)
  ORDER BY 1`;

/**
 * What a CREATE INDEX CONCURRENTLY leaves behind when it does not come to its end: an index that every write maintains,
 * no query uses, and IF NOT EXISTS takes for the one it is asked for.
 * @returns one line for each, with what to do
 */
export async function findInvalidIndexes(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string; of: string }>(INVALID, [schema]);
  return rows.map(
    ({ name, of }) =>
      `The index ${name} on ${of} is invalid, since it was not built to the end: DROP INDEX CONCURRENTLY ${name};`,
  );
}
