import { serviceNames } from '@capsule/contracts';
import { provisionStreams } from '@capsule/messaging';
import { openHome, type Home } from './home.js';
import { ManagedProcess, type ProcessListener } from './managed-process.js';
import type { PlatformSettings } from './platform-settings.js';
import { caddyServer } from './servers/caddy.js';
import { natsAdminPassword, natsServer } from './servers/nats.js';
import { postgresServer } from './servers/postgres.js';
import { provisionRoles } from './servers/postgres-roles.js';
import { redisServer } from './servers/redis.js';

export interface RunningServers {
  home: Home;
  processes: readonly ManagedProcess[];
  stop(): Promise<void>;
}

/**
 * Starts the private servers side by side and resolves when each serves: databases with their roles, the bus with its
 * streams. When one can not start, those that did are stopped and the first reason is thrown.
 */
export async function startServers(
  settings: PlatformSettings,
  listener: ProcessListener = {},
): Promise<RunningServers> {
  const home = openHome(settings.home);
  const clusters = serviceNames.map((service) => {
    const cluster = settings.clusters[service];
    const server = new ManagedProcess(postgresServer(home, service, cluster), home, listener);
    return { server, ready: () => provisionRoles(home, service, cluster) };
  });
  const nats = new ManagedProcess(natsServer(home, settings.nats), home, {
    ...listener,
    onReady: (server, milliseconds) => {
      listener.onReady?.(server, milliseconds);
      // A bus that came back may have lost its store: consumers wait for their durables to be there again.
      if (server.restarts > 0)
        void provision(home, settings).catch((error: Error) => listener.onDeath?.(server, error.message, ''));
    },
  });
  const starts = [
    ...clusters,
    { server: nats, ready: () => provision(home, settings) },
    { server: new ManagedProcess(redisServer(home, settings.redis), home, listener), ready: async () => {} },
    { server: new ManagedProcess(caddyServer(home, settings.edge), home, listener), ready: async () => {} },
  ];
  const processes = starts.map(({ server }) => server);
  const stop = async () => {
    await Promise.all(processes.map((server) => server.stop()));
  };
  try {
    await Promise.all(starts.map(({ server, ready }) => server.start().then(ready)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { home, processes, stop };
}

function provision(home: Home, { nats }: PlatformSettings): Promise<void> {
  return provisionStreams({ url: nats.url, user: 'admin', password: natsAdminPassword(home) });
}
