// What belongs to a database as a whole. Each statement gives rows (object, part, definition).
import { DATABASE_OWNER, grantsOf, roleName } from './catalogue-access.js';

/** Those that an operator may add or leave out without touching what migrations made. */
const OPTIONAL_EXTENSIONS = "('plpgsql', 'pg_stat_statements', 'timescaledb')";

// Whom the operator lets read everything, such as the role of backups, is no affair of migrations.
const database = `
  SELECT 'database' AS object, 'grants to ' || grantee AS part, privileges AS definition
  FROM pg_database, LATERAL ${grantsOf("coalesce(datacl, acldefault('d', datdba))", 'datdba')} g
  WHERE datname = current_database()
    AND grantee NOT IN (SELECT rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER'))
  UNION ALL
  SELECT 'database',
         'default privileges of ' || ${roleName('defaclrole')} || ' on ' ||
         CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                            WHEN 'T' THEN 'types' ELSE 'schemas' END,
         coalesce((SELECT string_agg(grantee || ': ' || privileges, '; ' ORDER BY grantee)
                   FROM ${grantsOf('defaclacl', 'defaclrole')} g), 'nobody else')
  FROM pg_default_acl WHERE defaclnamespace = 0`;

// Without their versions, which come with the server.
const extensions = `
  SELECT 'extension ' || extname AS object, 'schema' AS part, nspname AS definition
  FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname NOT IN ${OPTIONAL_EXTENSIONS}`;

const eventTriggers = `
  SELECT 'event trigger ' || evtname AS object, 'definition' AS part,
         format('on %s run %s%s', evtevent, evtfoid::regproc, CASE evtenabled WHEN 'D' THEN ' (disabled)' ELSE '' END)
           AS definition
  FROM pg_event_trigger WHERE evtowner = ${DATABASE_OWNER}`;

export const databaseQueries = [database, extensions, eventTriggers];
