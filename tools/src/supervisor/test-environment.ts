// What specs find in their environment. The names of production point to the test servers:
//   AUTH_SERVICE_DB_HOST|PORT|NAME|USER|PASSWORD|OWNER_USER|OWNER_PASSWORD|BACKUP_USER|BACKUP_PASSWORD,
//     the same for BILLING, DEPLOY, MONITOR
//   REDIS_HOST|PORT|PASSWORD, NATS_URL, AUTH_NATS_PASSWORD (BILLING, DEPLOY, MONITOR, GATEWAY alike)
//   APPS_EDGE_PORT, APPS_EDGE_ADMIN_SOCKET
// and what only specs may know:
//   CAPSULE_TEST_POSTGRES_SUPERUSER                       name of the superuser of all four clusters
//   CAPSULE_TEST_AUTH_POSTGRES_SUPERUSER_PASSWORD         its password there (BILLING, DEPLOY, MONITOR alike)
//   CAPSULE_TEST_NATS_ADMIN_PASSWORD                      of the NATS user `admin`, who may create streams
//   CAPSULE_TEST_NATS_SERVER, CAPSULE_TEST_REDIS_SERVER   programs, for specs that stop and start servers of their own
//   CAPSULE_TEST_POSTGRES_BIN                             folder with postgres, initdb and pg_ctl
//   CAPSULE_TEST_PGBOUNCER                                program of the pooler
//   CAPSULE_TEST_SERVER_UID, CAPSULE_TEST_SERVER_GID      who runs such servers when root runs the specs, empty otherwise
import { appNames, serviceNames } from '@capsule/contracts';
import { findProgram, postgresFolders } from '../../bootstrap/programs.mjs';
import type { Home } from './home.js';
import { byName, type PlatformSettings, readPlatformSettings } from './platform-settings.js';
import { rememberedPassword } from './secret-file.js';
import { natsAdminPassword } from './servers/nats.js';
import { superuser, superuserPassword } from './servers/postgres.js';
import { join } from 'node:path';

/** Their places after the first port. */
const ports = { auth: 0, deploy: 1, monitor: 2, billing: 3, redis: 4, nats: 5, edge: 6 };

/** What moves the test servers' ports; the variables of the platform's own ports are set from it. */
const variable = 'CAPSULE_TEST_FIRST_PORT';

/** Settings of servers on `firstPort` and those after it, with passwords kept in the home. */
export function testSettings(home: Home, firstPort: number): PlatformSettings {
  const settings = readPlatformSettings(serverVariables(home, firstPort), home.path);
  return {
    ...settings,
    clusters: byName(serviceNames, (service) => ({ ...settings.clusters[service], variable })),
    redis: { ...settings.redis, variable },
    nats: { ...settings.nats, variable },
    edge: { ...settings.edge, variable },
  };
}

export function testEnvironment(home: Home, firstPort: number): Record<string, string> {
  const environment: Record<string, string> = {
    ...serverVariables(home, firstPort),
    APPS_EDGE_ADMIN_SOCKET: home.edgeAdminSocket,
    CAPSULE_TEST_POSTGRES_SUPERUSER: superuser,
    CAPSULE_TEST_NATS_ADMIN_PASSWORD: natsAdminPassword(home),
    CAPSULE_TEST_NATS_SERVER: findProgram('nats-server') ?? '',
    CAPSULE_TEST_REDIS_SERVER: findProgram('redis-server') ?? '',
    CAPSULE_TEST_POSTGRES_BIN: postgresFolders()[0]?.path ?? '',
    CAPSULE_TEST_PGBOUNCER: findProgram('pgbouncer') ?? '',
    CAPSULE_TEST_SERVER_UID: String(home.user?.uid ?? ''),
    CAPSULE_TEST_SERVER_GID: String(home.user?.gid ?? ''),
  };
  for (const service of serviceNames) {
    const variable = `CAPSULE_TEST_${service.toUpperCase()}_POSTGRES_SUPERUSER_PASSWORD`;
    environment[variable] = superuserPassword(home, service);
  }
  return environment;
}

function serverVariables(home: Home, firstPort: number): Record<string, string> {
  const password = (name: string) => rememberedPassword(join(home.secrets, name));
  const variables: Record<string, string> = {
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(firstPort + ports.redis),
    REDIS_PASSWORD: password('redis'),
    NATS_URL: `nats://127.0.0.1:${firstPort + ports.nats}`,
    APPS_EDGE_PORT: String(firstPort + ports.edge),
  };
  for (const app of appNames) variables[`${app.toUpperCase()}_NATS_PASSWORD`] = password(`nats-${app}`);
  for (const service of serviceNames) {
    const prefix = `${service.toUpperCase()}_SERVICE_DB`;
    variables[`${prefix}_HOST`] = '127.0.0.1';
    variables[`${prefix}_PORT`] = String(firstPort + ports[service]);
    variables[`${prefix}_NAME`] = `${service}_service_db`;
    variables[`${prefix}_USER`] = `${service}_user`;
    variables[`${prefix}_PASSWORD`] = password(`postgres-${service}-user`);
    variables[`${prefix}_OWNER_USER`] = `${service}_owner`;
    variables[`${prefix}_OWNER_PASSWORD`] = password(`postgres-${service}-owner`);
    variables[`${prefix}_BACKUP_USER`] = `${service}_backup`;
    variables[`${prefix}_BACKUP_PASSWORD`] = password(`postgres-${service}-backup`);
  }
  return variables;
}
