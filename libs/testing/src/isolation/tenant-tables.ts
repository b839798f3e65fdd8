import type pg from 'pg';

export interface Column {
  name: string;
  type: string;
  notNull: boolean;
  /** Gets a value even from an insert that gives it none. */
  hasDefault: boolean;
  appMayInsert: boolean;
  appMayUpdate: boolean;
}

export interface ForeignKey {
  name: string;
  columns: string[];
  /** The table it leads to, quoted and with its schema. */
  target: string;
  targetColumns: string[];
}

/** A policy as the catalogue spells it. */
export interface Policy {
  name: string;
  permissive: boolean;
  /** `*` for every command. */
  command: string;
  forEverybody: boolean;
  using: string | null;
  check: string | null;
}

export interface Table {
  schema: string;
  name: string;
  /** Quoted and with its schema. */
  id: string;
  partition: boolean;
  rowSecurity: boolean;
  forced: boolean;
  policies: Policy[];
  columns: Column[];
  primaryKey: string[];
  foreignKeys: ForeignKey[];
  /** What the app role may do to the table or to some of its columns. */
  appMay: string[];
}

/**
 * Every table of the database, whatever schema it lies in, but for those of PostgreSQL and of extensions.
 * @param appRole the role the service runs as
 */
export async function readTables(client: pg.Client, appRole: string): Promise<Table[]> {
  const { rows } = await client.query<Table>(TABLES, [appRole]);
  return rows;
}

const names = (table: string, numbers: string) => `(
  SELECT coalesce(json_agg(a.attname ORDER BY part.place), '[]')
  FROM unnest(${numbers}) WITH ORDINALITY AS part (number, place)
  JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = part.number)`;

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS id,
    c.relispartition AS partition, c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS forced,
    (SELECT coalesce(json_agg(json_build_object(
        'name', p.polname, 'permissive', p.polpermissive, 'command', p.polcmd, 'forEverybody', p.polroles = '{0}',
        'using', pg_get_expr(p.polqual, c.oid), 'check', pg_get_expr(p.polwithcheck, c.oid))), '[]')
     FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
    (SELECT json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, NULL),
        'notNull', a.attnotnull,
        'hasDefault', a.atthasdef OR a.attidentity <> '',
        'appMayInsert', has_column_privilege($1, c.oid, a.attnum, 'INSERT'),
        'appMayUpdate', has_column_privilege($1, c.oid, a.attnum, 'UPDATE')) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    ${names('c.oid', '(SELECT k.conkey FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = $$p$$)')}
      AS "primaryKey",
    (SELECT coalesce(json_agg(json_build_object(
        'name', k.conname, 'columns', ${names('k.conrelid', 'k.conkey')},
        'target', (SELECT format('%I.%I', tn.nspname, t.relname) FROM pg_class t
                   JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE t.oid = k.confrelid),
        'targetColumns', ${names('k.confrelid', 'k.confkey')}) ORDER BY k.conname), '[]')
     FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0) AS "foreignKeys",
    ARRAY(SELECT command FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS command
          WHERE has_table_privilege($1, c.oid, command)
             OR command IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege($1, c.oid, command)) AS "appMay"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname`;
