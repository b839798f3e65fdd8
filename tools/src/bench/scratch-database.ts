import { type DatabaseSettings, loadEnvironment, migrationEnvironments } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';
import { createDataSource, Database, migrationsFolder, Migrator } from '@capsule/database';
import pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';

/** A migrated database of a service beside its own, which may be filled with what no service could live with. */
export interface ScratchDatabase {
  /** As the service uses it. */
  database: Database;
  /** Bound by no policy. */
  superuser: pg.Client;
  /** A pool bound by no policy, as large as the service's. */
  unbound: pg.Pool;
  drop(): Promise<void>;
}

export async function createScratchDatabase(
  { home, settings, source }: PrivatePlatform,
  service: ServiceName,
  limits: Pick<DatabaseSettings, 'poolMax'>,
): Promise<ScratchDatabase> {
  const { database: own, owner } = loadEnvironment(migrationEnvironments[service], source);
  const name = `bench_${service}`;
  const cluster = settings.clusters[service];
  const maintenance = await connectAsSuperuser(home, service, cluster, 'postgres');
  await maintenance.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await maintenance.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner.user)}`);
  await new Migrator({ ...owner, name }, migrationsFolder(service)).migrate();
  const superuser = await connectAsSuperuser(home, service, cluster, name);
  const { user, host, port, password } = superuser;
  const unbound = new pg.Pool({ user, host, port, password, database: name, max: limits.poolMax });
  // The server may end a connection before its own goodbye arrives, which would take this process along.
  unbound.on('connect', (client) => client.on('error', () => undefined));
  const dataSource = createDataSource({ ...own, ...limits, name }, 'bench', []);
  const database = new Database(await dataSource.initialize());
  return {
    database,
    superuser,
    unbound,
    drop: async () => {
      await Promise.all([database.close(), unbound.end(), superuser.end()]);
      await maintenance.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await maintenance.end();
    },
  };
}
