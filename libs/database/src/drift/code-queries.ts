// Functions, types and the doors of a schema. Each statement gives rows (object, part, definition) of the schema $1.
import { DATABASE_OWNER, grantsOf, isOurs, roleName } from './catalogue-access.js';

const FUNCTIONS = `
  (SELECT p.*, CASE prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || proname ||
               '(' || oidvectortypes(proargtypes) || ')' AS object
   FROM pg_proc p WHERE pronamespace = to_regnamespace($1) AND ${isOurs('pg_proc', 'p.oid')})`;

const functions = `
  SELECT object, part, definition
  FROM ${FUNCTIONS} f JOIN pg_language l ON l.oid = prolang, LATERAL (VALUES
    ('arguments', nullif(pg_get_function_arguments(f.oid), '')),
    ('returns', pg_get_function_result(f.oid)),
    ('language', lanname),
    ('volatility', CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END),
    ('security', CASE WHEN prosecdef THEN 'definer' ELSE 'invoker' END),
    ('owner', CASE WHEN proowner <> ${DATABASE_OWNER} THEN ${roleName('proowner')} END),
    ('settings', array_to_string(proconfig, '; ')),
    ('strict', CASE WHEN proisstrict THEN 'yes' END),
    ('leakproof', CASE WHEN proleakproof THEN 'yes' END),
    ('parallel', CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END),
    ('body', coalesce(pg_get_function_sqlbody(f.oid), prosrc))
  ) AS parts (part, definition)
  WHERE definition IS NOT NULL
  UNION ALL
  SELECT object, 'grants to ' || grantee, privileges
  FROM ${FUNCTIONS} f, LATERAL ${grantsOf("coalesce(proacl, acldefault('f', proowner))", 'proowner')} g`;

// Types of tables and arrays come with what they are of; composite types are among the relations.
const TYPES = `
  (SELECT t.*, CASE typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || typname AS object FROM pg_type t
   WHERE typnamespace = to_regnamespace($1) AND typelem = 0 AND ${isOurs('pg_type', 't.oid')}
     AND (typtype IN ('d', 'e', 'r')
          OR typtype = 'c' AND EXISTS (SELECT FROM pg_class WHERE pg_class.oid = typrelid AND relkind = 'c')))`;

const types = `
  SELECT object, 'labels' AS part, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) AS definition
  FROM ${TYPES} t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY object
  UNION ALL
  SELECT object, 'definition', format_type(typbasetype, typtypmod) || CASE WHEN typnotnull THEN ' NOT NULL' ELSE '' END ||
                               coalesce(' DEFAULT ' || typdefault, '')
  FROM ${TYPES} t WHERE typtype = 'd'
  UNION ALL
  SELECT object, 'constraint ' || conname, pg_get_constraintdef(k.oid, true)
  FROM ${TYPES} t JOIN pg_constraint k ON k.contypid = t.oid WHERE contype = 'c'
  UNION ALL
  SELECT object, 'range of', format_type(rngsubtype, NULL) FROM ${TYPES} t JOIN pg_range ON rngtypid = t.oid
  UNION ALL
  SELECT object, 'owner', ${roleName('typowner')} FROM ${TYPES} t WHERE typowner <> ${DATABASE_OWNER}
  UNION ALL
  SELECT object, 'grants to ' || grantee, privileges
  FROM ${TYPES} t, LATERAL ${grantsOf("coalesce(typacl, acldefault('T', typowner))", 'typowner')} g`;

const schema = `
  SELECT 'schema ' || nspname AS object, 'owner' AS part,
         CASE WHEN nspowner = 'pg_database_owner'::regrole THEN 'owner' ELSE ${roleName('nspowner')} END AS definition
  FROM pg_namespace WHERE nspname = $1
  UNION ALL
  SELECT 'schema ' || nspname, 'grants to ' || grantee, privileges
  FROM pg_namespace, LATERAL ${grantsOf("coalesce(nspacl, acldefault('n', nspowner))", 'nspowner')} g
  WHERE nspname = $1
  UNION ALL
  SELECT 'schema ' || nspname,
         'default privileges of ' || ${roleName('defaclrole')} || ' on ' ||
         CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                            WHEN 'T' THEN 'types' ELSE 'schemas' END,
         coalesce((SELECT string_agg(grantee || ': ' || privileges, '; ' ORDER BY grantee)
                   FROM ${grantsOf('defaclacl', 'defaclrole')} g), 'nobody else')
  FROM pg_default_acl d JOIN pg_namespace n ON n.oid = defaclnamespace WHERE nspname = $1`;

export const codeQueries = [functions, types, schema];
