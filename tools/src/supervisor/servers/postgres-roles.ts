import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { ServiceName } from '@capsule/contracts';
import pg from 'pg';
import type { Home } from '../home.js';
import type { ClusterSettings, Login } from '../platform-settings.js';
import { connectAsSuperuser } from './postgres.js';

/** What none of the roles has. Said of each, so that what somebody gave it by hand is taken back. */
const LIMITED = 'NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION';
/** Large objects know neither tenants nor policies, and PostgreSQL lets everybody make them. */
const NO_LARGE_OBJECTS = `REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea),
  lo_import(text), lo_import(text, oid), lo_put(oid, bigint, bytea), lo_truncate(integer, integer),
  lo_truncate64(integer, bigint), lo_unlink(oid), lowrite(integer, bytea) FROM PUBLIC`;

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
    await client.query(NO_LARGE_OBJECTS);
  } finally {
    await client.end();
  }
}

async function prepareDatabase(home: Home, service: ServiceName, cluster: ClusterSettings): Promise<void> {
  const client = await connectAsSuperuser(home, service, cluster, cluster.database);
  try {
    await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await client.query(NO_LARGE_OBJECTS);
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
