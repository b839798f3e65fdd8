// What belongs to a database as a whole, and the roles that work in it. Each statement gives rows (object, part,
// definition) of the service $1.
import { DATABASE_OWNER, grantsOf, isOurs, roleName } from './catalogue-access.js';

/** Those that an operator may add or leave out without touching what migrations made. */
const OPTIONAL_EXTENSIONS = "('plpgsql', 'pg_stat_statements', 'timescaledb')";

/** They know neither tenants nor policies. */
const LARGE_OBJECT_WRITERS = `('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lo_truncate',
   'lo_truncate64', 'lo_unlink', 'lowrite')`;

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
  FROM pg_default_acl WHERE defaclnamespace = 0
  UNION ALL
  SELECT 'database', 'settings', string_agg(setting, '; ' ORDER BY setting)
  FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) setting
  WHERE datname = current_database() AND setrole = 0 HAVING count(*) > 0
  UNION ALL
  SELECT 'database', 'writing of large objects', string_agg(DISTINCT grantee, ', ')
  FROM pg_proc p, LATERAL ${grantsOf("coalesce(proacl, acldefault('f', proowner))", 'proowner')} g
  WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ${LARGE_OBJECT_WRITERS} HAVING count(*) > 0`;

// Without their versions, which come with the server.
const extensions = `
  SELECT 'extension ' || extname AS object, 'schema' AS part, nspname AS definition
  FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname NOT IN ${OPTIONAL_EXTENSIONS}`;

// Only superusers make them, so migrations never do; what somebody made runs for every migration.
const eventTriggers = `
  SELECT 'event trigger ' || evtname AS object, 'definition' AS part,
         format('on %s run %s%s', evtevent, evtfoid::regproc, CASE evtenabled WHEN 'D' THEN ' (disabled)' ELSE '' END)
           AS definition
  FROM pg_event_trigger e WHERE ${isOurs('pg_event_trigger', 'e.oid')}`;

/** The owner under whatever name, the others by the names that migrations grant to. */
const ROLES = `
  (SELECT r.*, ${roleName('r.oid')} AS role, rolname = $1 || '_backup' AS is_backup FROM pg_roles r
   WHERE r.oid = ${DATABASE_OWNER} OR rolname IN ($1 || '_user', $1 || '_claimer', $1 || '_backup'))`;

// A cluster may have its backups made otherwise: of their role it only counts what it may beyond reading.
const roles = `
  SELECT 'roles' AS object, part || ' of ' || role AS part, definition
  FROM ${ROLES} r, LATERAL (VALUES
    ('attributes', concat_ws(', ', CASE WHEN rolcanlogin AND NOT is_backup THEN 'LOGIN' END,
                             CASE WHEN rolbypassrls AND NOT is_backup THEN 'BYPASSRLS' END,
                             CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
                             CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END)),
    ('memberships', (SELECT string_agg(DISTINCT ${roleName('roleid')} ||
                                       CASE WHEN admin_option THEN ' WITH ADMIN OPTION' ELSE '' END, ', ')
                     FROM pg_auth_members
                     WHERE member = r.oid AND NOT (is_backup AND pg_get_userbyid(roleid) LIKE 'pg\\_read\\_all\\_%'))),
    ('settings', (SELECT string_agg(setting, '; ' ORDER BY setting) FROM pg_db_role_setting s, unnest(setconfig) setting
                  WHERE setrole = r.oid
                    AND setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE datname = current_database()))))
  ) AS parts (part, definition)
  WHERE definition <> ''`;

export const databaseQueries = [database, extensions, eventTriggers, roles];

/**
 * Schemas that neither migrations nor extensions made. What is in them nobody compares, so that they are there is told.
 * @param hasTenants of tenants, whose schemas are compared one by one: where there is a registry, it knows them
 */
export const schemasBesidePublic = (hasTenants: boolean): string => `
  SELECT 'schema ' || nspname AS object, 'owner' AS part, ${roleName('nspowner')} AS definition
  FROM pg_namespace n
  WHERE nspname !~ '^(pg_|information_schema$|public$)' AND ${isOurs('pg_namespace', 'n.oid')}
    ${hasTenants ? 'AND public.tenant_find_by_schema(nspname) IS NULL' : ''}`;
