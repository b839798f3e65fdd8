// What somebody may do by hand to a database as a whole and to the roles of its service.

/** What is altered, and the one line that tells of it. */
export const DATABASE_ALTERATIONS: [what: string, statement: string, line: string][] = [
  [
    'a schema',
    'CREATE SCHEMA drift_aside; GRANT CREATE, USAGE ON SCHEMA drift_aside TO auth_user',
    'schema drift_aside is there, expected none',
  ],
  [
    'an event trigger',
    'CREATE EVENT TRIGGER drift_gate ON sql_drop EXECUTE FUNCTION drift_gate()',
    'event trigger drift_gate is there, expected none',
  ],
  [
    'a role that policies no longer bind',
    'ALTER ROLE auth_user BYPASSRLS',
    'roles: attributes of auth_user is LOGIN, BYPASSRLS, expected LOGIN',
  ],
  [
    'a role that may more than migrate',
    'ALTER ROLE auth_owner CREATEROLE CREATEDB',
    'roles: attributes of owner is LOGIN, CREATEROLE, CREATEDB, expected LOGIN',
  ],
  [
    'a role that nobody should log in as',
    'ALTER ROLE auth_claimer LOGIN REPLICATION',
    'roles: attributes of auth_claimer is LOGIN, BYPASSRLS, REPLICATION, expected BYPASSRLS',
  ],
  [
    'a role that does more than to back up',
    'ALTER ROLE auth_backup SUPERUSER',
    'roles: attributes of auth_backup is SUPERUSER, expected none',
  ],
  [
    'a membership',
    'GRANT auth_claimer TO auth_user WITH ADMIN OPTION',
    'roles: memberships of auth_user is auth_claimer WITH ADMIN OPTION, expected none',
  ],
  [
    'a membership that is missing',
    'REVOKE auth_claimer FROM auth_owner',
    'roles: memberships of owner is missing, expected auth_claimer',
  ],
  [
    'a context that a role begins with',
    "ALTER ROLE auth_user SET app.tenant_id = '01890000-0000-7000-8000-000000000001'",
    'roles: settings of auth_user is app.tenant_id=01890000-0000-7000-8000-000000000001, expected none',
  ],
  [
    'a setting of a database',
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET row_security = off', current_database()); END $$",
    'database: settings is row_security=off, expected none',
  ],
  [
    'who may write large objects',
    'GRANT EXECUTE ON FUNCTION lo_create(oid) TO auth_user, PUBLIC',
    'database: writing of large objects is PUBLIC, auth_user, expected none',
  ],
];
