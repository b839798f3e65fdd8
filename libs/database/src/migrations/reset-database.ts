import pg from 'pg';
import { withSchemaLock } from './migration-lock.js';
import { MigrationSession, type OwnerConnection } from './migration-session.js';

/** Somebody may be in the middle of a transaction; who holds a table for longer has to be stopped first. */
const LOCK_TIMEOUT_MS = 10_000;

// An owner's functions over all tenants belong to a role that it is a member of.
const OWNERS_HERE = `
  SELECT DISTINCT r.rolname AS name
  FROM pg_shdepend d
  JOIN pg_roles r ON r.oid = d.refobjid
  WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND d.deptype = 'o' AND pg_has_role(current_user, r.oid, 'MEMBER')`;

const OWN_SCHEMAS = `
  SELECT nspname AS name FROM pg_namespace
  WHERE nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND nspname !~ '^pg_'`;

/**
 * Drops everything that the owner's migrations have made, rows included; the database, its roles and what a superuser made
 * in it stay.
 */
export async function resetDatabase(owner: OwnerConnection, lockWaitMs: number): Promise<void> {
  const session = await MigrationSession.open(owner);
  try {
    await withSchemaLock(session, 'public', lockWaitMs, () => dropAll(session.client));
  } finally {
    await session.close();
  }
}

async function dropAll(client: pg.Client): Promise<void> {
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  const names = async (query: string) =>
    (await client.query<{ name: string }>(query)).rows.map(({ name }) => pg.escapeIdentifier(name));
  // A transaction each: a thousand tenants have more tables than one transaction may lock.
  for (const schema of await names(OWN_SCHEMAS)) await client.query(`DROP SCHEMA ${schema} CASCADE`);
  const owners = await names(OWNERS_HERE);
  if (owners.length > 0) await client.query(`DROP OWNED BY ${owners.join(', ')} CASCADE`);
}
