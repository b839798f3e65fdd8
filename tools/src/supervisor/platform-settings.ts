import { appNames, serviceNames, type AppName, type ServiceName } from '@capsule/contracts';
import {
  authEnvironment,
  backupEnvironments,
  billingEnvironment,
  type DatabaseTlsSettings,
  deployEnvironment,
  type Environment,
  gatewayEnvironment,
  loadEnvironment,
  migrationEnvironments,
  monitorEnvironment,
  platformEnvironment,
  provisionerEnvironment,
  type SettingsOf,
  type VariableGroup,
} from '@capsule/config';

/** A port and the environment variable that moves it, so that a message about one can name the other. */
export interface PortSetting {
  port: number;
  variable: string;
}

export interface Login {
  user: string;
  password: string;
}

export interface ClusterSettings extends PortSetting {
  host: string;
  tls: DatabaseTlsSettings;
  database: string;
  /** Owns the database and migrates it. */
  owner: Login;
  /** What the service runs as. */
  app: Login;
  /** Reads everything, for backups. */
  backup: Login;
}

/** Everything the private servers need to know. Nothing in it is shared with another copy of the platform. */
export interface PlatformSettings {
  /** Where all data, logs and sockets of this copy lie. */
  home: string;
  clusters: Record<ServiceName, ClusterSettings>;
  redis: PortSetting & { host: string; password: string };
  nats: PortSetting & { url: string; passwords: Record<AppName, string> };
  edge: PortSetting;
}

type Source = Readonly<Record<string, string | undefined>>;

/** The environment schema of each process, by its name. */
export const appEnvironments = {
  auth: authEnvironment,
  billing: billingEnvironment,
  deploy: deployEnvironment,
  gateway: gatewayEnvironment,
  monitor: monitorEnvironment,
} satisfies Record<AppName, Environment>;

/** The variables of what the servers are made from. */
const serverVariables = {
  supervisor: platformEnvironment.variables,
  bus: byName(appNames, (app) => appEnvironments[app].variables.nats),
  migrations: byName(serviceNames, (service) => migrationEnvironments[service].variables),
  backups: byName(serviceNames, (service) => backupEnvironments[service].variables),
};

type ServerSettings = SettingsOf<typeof serverVariables>;

/** The variables of every process that a start brings up. */
export const allVariables = {
  ...serverVariables,
  apps: byName(appNames, (app): VariableGroup => appEnvironments[app].variables),
  provisioner: provisionerEnvironment.variables,
};

/**
 * Makes sure that no process will refuse its environment, before the first is started.
 * @throws EnvironmentError naming every faulty variable of all of them.
 */
export function assertEnvironmentUsable(source: Source): void {
  loadEnvironment({ name: 'the platform', variables: allVariables }, source);
}

/**
 * Reads what the servers need from the variables that the services read too, so that the two cannot disagree.
 * @throws EnvironmentError naming every faulty variable.
 */
export function readPlatformSettings(source: Source, home: string): PlatformSettings {
  const servers = loadEnvironment({ name: 'the servers', variables: serverVariables }, source);
  const { natsUrl, redis, edge } = servers.supervisor;
  return {
    home,
    clusters: byName(serviceNames, (service) => clusterOf(service, servers)),
    redis: { host: redis.host, port: redis.port, variable: 'REDIS_PORT', password: redis.password },
    nats: {
      port: Number(new URL(natsUrl).port || 4222),
      variable: 'NATS_URL',
      url: natsUrl,
      passwords: byName(appNames, (app) => servers.bus[app].password),
    },
    edge: { port: edge.port, variable: 'APPS_EDGE_PORT' },
  };
}

function clusterOf(service: ServiceName, { migrations, backups }: ServerSettings): ClusterSettings {
  const { database, owner } = migrations[service];
  const { backup } = backups[service];
  return {
    host: owner.host,
    port: owner.port,
    tls: owner.tls,
    variable: `${service.toUpperCase()}_SERVICE_DB_PORT`,
    database: owner.name,
    owner,
    app: { user: database.user, password: database.password },
    backup,
  };
}

export function byName<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}
