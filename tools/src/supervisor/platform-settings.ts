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

/**
 * Reads what the servers need from the variables that the services read too, so that the two can not disagree.
 * @throws EnvironmentError naming every faulty variable of the first process that has one.
 */
export function readPlatformSettings(source: Source, home: string): PlatformSettings {
  const { natsUrl, redis, edge } = loadEnvironment(platformEnvironment, source);
  const users = byName(appNames, (app) => appEnvironments[app].variables.nats);
  const logins = loadEnvironment({ name: 'the bus', variables: users }, source);
  return {
    home,
    clusters: byName(serviceNames, (service) => readCluster(service, source)),
    redis: { host: redis.host, port: redis.port, variable: 'REDIS_PORT', password: redis.password },
    nats: {
      port: Number(new URL(natsUrl).port || 4222),
      variable: 'NATS_URL',
      url: natsUrl,
      passwords: byName(appNames, (app) => logins[app].password),
    },
    edge: { port: edge.port, variable: 'APPS_EDGE_PORT' },
  };
}

function readCluster(service: ServiceName, source: Source): ClusterSettings {
  const { database, owner } = loadEnvironment(migrationEnvironments[service], source);
  const { backup } = loadEnvironment(backupEnvironments[service], source);
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
