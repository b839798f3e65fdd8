import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import pg from 'pg';

export type Service = keyof typeof migrationEnvironments;

/** @throws when the servers of the test run are not in the environment (specs run under Jest's globalSetup) */
export async function connectAsSuperuser(service: Service, database = 'postgres'): Promise<pg.Client> {
  const { host, port } = loadEnvironment(migrationEnvironments[service], process.env).database;
  const client = new pg.Client({
    host,
    port,
    database,
    user: required('CAPSULE_TEST_POSTGRES_SUPERUSER'),
    password: required(`CAPSULE_TEST_${service.toUpperCase()}_POSTGRES_SUPERUSER_PASSWORD`),
  });
  // Dropping a database ends its connections; without a listener that would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function required(variable: string): string {
  const value = process.env[variable];
  if (!value)
    throw new Error(`${variable} is not set: run specs by npm test, or by jest with its configuration.`);
  return value;
}
