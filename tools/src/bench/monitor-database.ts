import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { createDataSource, Database } from '@capsule/database';
import pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';

export interface MonitorDatabase {
  /** As the service uses it. */
  database: Database;
  /** Bound by no policy. */
  superuser: pg.Client;
  /** A pool bound by no policy, as large as the service's. */
  unbound: pg.Pool;
  close(): Promise<void>;
}

/** The database that the platform's own monitor uses, beside it. */
export async function openMonitorDatabase(
  { home, settings, source }: PrivatePlatform,
  poolMax: number,
): Promise<MonitorDatabase> {
  const { database: own } = loadEnvironment(migrationEnvironments.monitor, source);
  const superuser = await connectAsSuperuser(home, 'monitor', settings.clusters.monitor, own.name);
  const { user, host, port, password } = superuser;
  const unbound = new pg.Pool({ user, host, port, password, database: own.name, max: poolMax });
  // The server may end a connection before its own goodbye arrives, which would take this process along.
  unbound.on('connect', (client) => client.on('error', () => undefined));
  const database = new Database(await createDataSource({ ...own, poolMax }, 'bench', []).initialize());
  return {
    database,
    superuser,
    unbound,
    close: async () => {
      await Promise.all([database.close(), unbound.end(), superuser.end()]);
    },
  };
}
