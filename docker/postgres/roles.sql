-- The database and roles of one service, as tools/src/supervisor/servers/postgres-roles.ts makes them on the embedded
-- servers (a spec compares the two). Run once by the image when the volume is new; names and passwords come from the
-- container's environment.
\set ON_ERROR_STOP on
\getenv service CAPSULE_SERVICE
\getenv database CAPSULE_DATABASE
\getenv app CAPSULE_APP_ROLE
\getenv app_password CAPSULE_APP_PASSWORD
\getenv owner CAPSULE_OWNER_ROLE
\getenv owner_password CAPSULE_OWNER_PASSWORD
\set claimer :service _claimer

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE ROLE :"claimer" NOLOGIN BYPASSRLS;
GRANT :"claimer" TO :"owner";

CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"owner", :"app";

\connect :"database"
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO :"owner";
-- Only a superuser may create it; monitor partitions its tables itself where it is absent.
SELECT 'CREATE EXTENSION IF NOT EXISTS timescaledb'
WHERE :'service' = 'monitor' AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
\gexec
