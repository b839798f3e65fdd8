import { setTimeout as sleep } from 'node:timers/promises';
import { serviceNames } from '@capsule/contracts';
import pg from 'pg';
import type { Home } from './home.js';
import { byName, type ClusterSettings, type PlatformSettings } from './platform-settings.js';
import { natsAdminPassword } from './servers/nats.js';
import { probeRedis } from './servers/redis.js';
import type { Servers } from './start-servers.js';

const waitMs = 60_000;
const pauseMs = 250;

/**
 * Servers that somebody else runs, such as those of docker/compose.yml: waited for, never started or stopped. Their
 * databases and roles exist already; the streams are provisioned here as on the embedded bus.
 */
export function externalServers(home: Home, settings: PlatformSettings): Servers {
  return {
    processes: [],
    databases: byName(serviceNames, (service) => waitFor(() => connectAsOwner(settings.clusters[service]))),
    bus: waitFor(async () => {
      const { provisionStreams } = await import('@capsule/messaging');
      await provisionStreams({ url: settings.nats.url, password: natsAdminPassword(home) });
    }),
    cache: waitFor(() =>
      probeRedis({ host: settings.redis.host, port: settings.redis.port, password: settings.redis.password }),
    ),
    // The deploy service says itself whether it reaches the edge.
    edge: Promise.resolve(),
    stop: async () => {},
  };
}

async function connectAsOwner({ host, port, tls, database, owner }: ClusterSettings): Promise<void> {
  const { tlsOptions } = await import('@capsule/database/migrations');
  const client = new pg.Client({
    host,
    port,
    ssl: tlsOptions(tls),
    database,
    user: owner.user,
    password: owner.password,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {});
  await client.connect();
  await client.end();
}

async function waitFor(attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
