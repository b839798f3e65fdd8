import { loadEnvironment, migrationEnvironments, type OwnerSettings } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';
import { type OwnSchema, SAMPLE_ID } from '@capsule/database/migrations';
import pg from 'pg';

/** Any tenant's schema is like any other's. */
export const scratchTenant: OwnSchema = {
  schema: 'tenant_scratch',
  placeholders: { schema: 'tenant_scratch', tenantId: SAMPLE_ID },
};

/**
 * Gives `work` an empty database of a service on the test servers, and drops it afterwards. Its name has the process in it:
 * what a killed process left behind is dropped by the next one.
 * @param source the environment of the test servers
 */
export async function withScratchDatabase<T>(
  service: ServiceName,
  source: Record<string, string>,
  work: (owner: OwnerSettings) => Promise<T>,
): Promise<T> {
  const { owner } = loadEnvironment(migrationEnvironments[service], source);
  const name = `scratch_${service}_${process.pid}`;
  return asSuperuser(service, source, async (superuser) => {
    try {
      await dropLeftovers(superuser, service);
      await superuser.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner.user)}`);
      return await work({ ...owner, name });
    } finally {
      await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
  });
}

/** A connection to the cluster of a service on the test servers. */
export async function asSuperuser<T>(
  service: ServiceName,
  source: Record<string, string>,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port } = loadEnvironment(migrationEnvironments[service], source).owner;
  const client = new pg.Client({
    host,
    port,
    database: 'postgres',
    user: source['CAPSULE_TEST_POSTGRES_SUPERUSER'],
    password: source[`CAPSULE_TEST_${service.toUpperCase()}_POSTGRES_SUPERUSER_PASSWORD`],
  });
  // A connection that breaks fails the statement that needs it; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function dropLeftovers(superuser: pg.Client, service: ServiceName): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname ~ $1',
    [`^scratch_${service}_\\d+$`],
  );
  for (const { name } of rows) {
    if (!isAlive(Number(name.split('_').at(-1))))
      await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}
