import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serviceNames } from '@capsule/contracts';
import { renderNatsConfiguration } from '@capsule/messaging';
import type { Home } from '../supervisor/home.js';
import type { PlatformSettings } from '../supervisor/platform-settings.js';
import { entranceConfiguration, routerConfiguration } from '../supervisor/servers/caddy.js';
import { natsAdminPassword } from '../supervisor/servers/nats.js';
import { superuserPassword } from '../supervisor/servers/postgres.js';
import { renderRedisConfiguration } from '../supervisor/servers/redis.js';

/** The oldest release behind `nats:2-alpine` that may be in somebody's image cache and knows `sync_interval`. */
const natsImageVersion = '2.10.0';

/**
 * Writes the configuration files that the containers mount. The folder is closed; the files in it are not, because the
 * servers inside run as users of their images, who would not be let into a file of mode 0600.
 */
export function writeComposeFiles(home: Home, settings: PlatformSettings): string {
  const folder = join(home.path, 'infrastructure');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    'redis.conf': renderRedisConfiguration({
      host: '0.0.0.0',
      port: 6379,
      password: settings.redis.password,
      folder: '/data',
    }),
    'nats.conf': renderNatsConfiguration({
      host: '0.0.0.0',
      port: 4222,
      storeDir: '/data',
      serverVersion: natsImageVersion,
      users: { ...settings.nats.passwords, admin: natsAdminPassword(home) },
    }),
    'caddy.json': JSON.stringify(
      entranceConfiguration('/run/capsule/router.sock', settings.edge.port),
      null,
      2,
    ),
    'caddy-router.json': JSON.stringify(
      routerConfiguration({ admin: '/run/capsule/admin.sock', router: '/run/capsule/router.sock' }),
      null,
      2,
    ),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  return folder;
}

/** The variables docker/compose.yml asks for, beside those of `.env`. */
export function composeVariables(home: Home, settings: PlatformSettings): Record<string, string> {
  const variables: Record<string, string> = {
    CAPSULE_INFRASTRUCTURE: join(home.path, 'infrastructure'),
    CAPSULE_EDGE_ADMIN_FOLDER: dirname(home.edgeAdminSocket),
    CAPSULE_USER: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
    REDIS_PORT: String(settings.redis.port),
    REDIS_PASSWORD: settings.redis.password,
    NATS_PORT: String(settings.nats.port),
    APPS_EDGE_PORT: String(settings.edge.port),
  };
  for (const service of serviceNames) {
    const cluster = settings.clusters[service];
    const name = service.toUpperCase();
    variables[`${name}_DB_SUPERUSER_PASSWORD`] = superuserPassword(home, service);
    variables[`${name}_SERVICE_DB_PORT`] = String(cluster.port);
    variables[`${name}_SERVICE_DB_NAME`] = cluster.database;
    variables[`${name}_SERVICE_DB_USER`] = cluster.app.user;
    variables[`${name}_SERVICE_DB_PASSWORD`] = cluster.app.password;
    variables[`${name}_SERVICE_DB_OWNER_USER`] = cluster.owner.user;
    variables[`${name}_SERVICE_DB_OWNER_PASSWORD`] = cluster.owner.password;
    variables[`${name}_SERVICE_DB_BACKUP_USER`] = cluster.backup.user;
    variables[`${name}_SERVICE_DB_BACKUP_PASSWORD`] = cluster.backup.password;
  }
  return variables;
}
