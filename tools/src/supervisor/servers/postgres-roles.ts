import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { ServiceName } from '@capsule/contracts';
import pg from 'pg';
import type { Home } from '../home.js';
import type { ClusterSettings, Login } from '../platform-settings.js';
import { connectAsSuperuser } from './postgres.js';

/** What none of the roles has. Said of each, so that what somebody gave it by hand is taken back. */
const LIMITED = 'NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION';
/**
 * Gives a statement for each way to make or write large objects that everybody has: they know neither tenants nor policies.
 * None when all is taken away, so that two who provision at once don't meet in the same rows.
 */
const LARGE_OBJECT_REVOCATIONS = `
  SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure) AS statement FROM pg_proc
  WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
    AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lo_truncate', 'lo_truncate64',
                    'lo_unlink', 'lowrite')`;

/**
 * Makes the database and the four roles of a service, as they have to be before its first migration:
 * the owner (migrates), the role the service runs as, a role nobody can log in as, which owns the functions that
 * claim work over all tenants, and the role that backs everything up. What each may is told in
 * docs/runbooks/databases.md. Runs at every start and every statement can be repeated, so a cluster of an earlier
 * release gets what it lacks; passwords always end up as the environment has them.
 */
export async function provisionRoles(
  home: Home,
  service: ServiceName,
  cluster: ClusterSettings,
): Promise<void> {
  const { owner, app, backup, database } = cluster;
  const claimer = `${service}_claimer`;
  const client = await connectAsSuperuser(home, service, cluster, 'postgres');
  try {
    await ensureRole(client, owner.user, `LOGIN NOBYPASSRLS PASSWORD ${scramLiteral(owner)}`);
    await ensureRole(client, app.user, `LOGIN NOBYPASSRLS PASSWORD ${scramLiteral(app)}`);
    await ensureRole(client, claimer, 'NOLOGIN BYPASSRLS');
    // The owner may hand functions over to the claimer; it does not work with the claimer's rights otherwise.
    await client.query(`GRANT ${quote(claimer)} TO ${quote(owner.user)}`);
    await ensureRole(client, backup.user, `LOGIN BYPASSRLS PASSWORD ${scramLiteral(backup)}`);
    // SELECT on every table there is and will be, in tenants' schemas too, which no grant on tables could promise.
    await client.query(`GRANT pg_read_all_data TO ${quote(backup.user)}`);
    // What other roles' sessions and statements do, for the report on a database.
    await client.query(`GRANT pg_read_all_stats TO ${quote(backup.user)}`);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0)
      await client.query(`CREATE DATABASE ${quote(database)} OWNER ${quote(owner.user)}`);
    for (const each of [database, 'postgres', 'template1']) {
      await client.query(`REVOKE ALL ON DATABASE ${quote(each)} FROM PUBLIC`);
    }
    await client.query(
      `GRANT CONNECT ON DATABASE ${quote(database)} TO ${[owner, app, backup].map(({ user }) => quote(user)).join()}`,
    );
  } finally {
    await client.end();
  }
  await prepareDatabase(home, service, cluster);
  // What is made from it is prepared, too: a database that a dump is restored into, those of specs.
  await prepareTemplate(home, service, cluster);
}

async function prepareTemplate(home: Home, service: ServiceName, cluster: ClusterSettings): Promise<void> {
  const client = await connectAsSuperuser(home, service, cluster, 'template1');
  try {
    await revokeLargeObjects(client);
  } finally {
    await client.end();
  }
}

async function prepareDatabase(home: Home, service: ServiceName, cluster: ClusterSettings): Promise<void> {
  const client = await connectAsSuperuser(home, service, cluster, cluster.database);
  try {
    await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await revokeLargeObjects(client);
    await client.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${quote(cluster.owner.user)}`);
    // Only a superuser may create this one; without it monitor partitions its tables itself.
    const timescale = await client.query("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'");
    if (service === 'monitor' && timescale.rowCount)
      await client.query('CREATE EXTENSION IF NOT EXISTS timescaledb');
    const counting = await client.query("SELECT 1 FROM pg_settings WHERE name = 'pg_stat_statements.max'");
    if (counting.rowCount) await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  } finally {
    await client.end();
  }
}

async function revokeLargeObjects(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(LARGE_OBJECT_REVOCATIONS);
  for (const { statement } of rows) await client.query(statement);
}

async function ensureRole(client: pg.Client, name: string, attributes: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  await client.query(`${found.rowCount ? 'ALTER' : 'CREATE'} ROLE ${quote(name)} ${LIMITED} ${attributes}`);
}

const iterations = 4_096;

/** The SCRAM verifier as PostgreSQL stores it (RFC 5803), made here so that no password ever stands in a statement or log. */
function scramLiteral({ password }: Login): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `'SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}'`;
}

function quote(identifier: string): string {
  return pg.escapeIdentifier(identifier);
}
