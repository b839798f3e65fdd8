-- The database and roles of one service, as tools/src/supervisor/servers/postgres-roles.ts makes them on the embedded
-- servers (a spec compares the two). The image runs it when the volume is new; to be run again by hand after an upgrade
-- (docs/runbooks/databases.md). Names and passwords come from the container's environment.
\set ON_ERROR_STOP on
\getenv service CAPSULE_SERVICE
\getenv database CAPSULE_DATABASE
\getenv app CAPSULE_APP_ROLE
\getenv app_password CAPSULE_APP_PASSWORD
\getenv owner CAPSULE_OWNER_ROLE
\getenv owner_password CAPSULE_OWNER_PASSWORD
\getenv backup CAPSULE_BACKUP_ROLE
\getenv backup_password CAPSULE_BACKUP_PASSWORD
\set claimer :service _claimer

SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'owner', :'app', :'claimer', :'backup']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles)
\gexec
-- What none of them has; said of each, so that what somebody gave it by hand is taken back.
\set limited 'NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION'
ALTER ROLE :"owner" :limited LOGIN NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE :"app" :limited LOGIN NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE :"claimer" :limited NOLOGIN BYPASSRLS;
GRANT :"claimer" TO :"owner";
ALTER ROLE :"backup" :limited LOGIN BYPASSRLS PASSWORD :'backup_password';
GRANT pg_read_all_data TO :"backup";
GRANT pg_read_all_stats TO :"backup";

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE :'database' NOT IN (SELECT datname FROM pg_database)
\gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"owner", :"app", :"backup";

-- Large objects know neither tenants nor policies, and PostgreSQL lets everybody make them. The template as well, for
-- what is made from it: a database that a dump is restored into.
\connect template1
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
  AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lo_truncate', 'lo_truncate64',
                  'lo_unlink', 'lowrite')
\gexec

\connect :"database"
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
  AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lo_truncate', 'lo_truncate64',
                  'lo_unlink', 'lowrite')
\gexec
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO :"owner";
-- Only a superuser may create it; monitor partitions its tables itself where it is absent.
SELECT 'CREATE EXTENSION IF NOT EXISTS timescaledb'
WHERE :'service' = 'monitor' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
\gexec
-- Where the server preloads it (docs/runbooks/database-report.md).
SELECT 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements'
WHERE EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max')
\gexec
