import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';
import { migrationsFolder, Migrator } from '@capsule/database';
import pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';

/** A migrated database of a service beside its own, which may be filled with what no service could live with. */
export interface ScratchDatabase {
  name: string;
  /** Bound by no policy. */
  superuser: pg.Client;
  drop(): Promise<void>;
}

export async function createScratchDatabase(
  { home, settings, source }: PrivatePlatform,
  service: ServiceName,
): Promise<ScratchDatabase> {
  const { owner } = loadEnvironment(migrationEnvironments[service], source);
  const name = `bench_${service}`;
  const cluster = settings.clusters[service];
  const maintenance = await connectAsSuperuser(home, service, cluster, 'postgres');
  await maintenance.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await maintenance.query(`CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(owner.user)}`);
  await new Migrator({ ...owner, name }, migrationsFolder(service)).migrate();
  const superuser = await connectAsSuperuser(home, service, cluster, name);
  return {
    name,
    superuser,
    drop: async () => {
      await superuser.end();
      await maintenance.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await maintenance.end();
    },
  };
}
