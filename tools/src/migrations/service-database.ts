import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { migrationsFolder, Migrator, type OwnerConnection } from '@capsule/database/migrations';

export type Service = keyof typeof migrationEnvironments;

export const services = Object.keys(migrationEnvironments) as Service[];

/** The database of one service, as its owner reaches it. */
export interface ServiceDatabase {
  service: Service;
  owner: OwnerConnection;
  /** The role of the running service. */
  user: string;
  migrator: Migrator;
}

/** @throws EnvironmentError listing what is wrong with the variables */
export function serviceDatabase(service: Service, source: NodeJS.ProcessEnv): ServiceDatabase {
  const { owner, database } = loadEnvironment(migrationEnvironments[service], source);
  const migrator = new Migrator(owner, migrationsFolder(service));
  return { service, owner, user: database.user, migrator };
}
