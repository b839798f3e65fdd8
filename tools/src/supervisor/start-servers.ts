import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import type { Home } from './home.js';
import { ManagedProcess, type ProcessDefinition, type ProcessListener } from './managed-process.js';
import { byName, type PlatformSettings } from './platform-settings.js';
import { edgeEntrance, edgeRouter } from './servers/caddy.js';
import { natsAdminPassword, natsServer } from './servers/nats.js';
import { postgresServer } from './servers/postgres.js';
import { provisionRoles } from './servers/postgres-roles.js';
import { redisServer } from './servers/redis.js';

const provisionTimeoutMs = 60_000;
const provisionPauseMs = 500;

/** The private servers, each starting beside the others. Every promise resolves when its part can be used. */
export interface Servers {
  processes: readonly ManagedProcess[];
  /** The cluster serves and has its database and roles. */
  databases: Record<ServiceName, Promise<void>>;
  /** The bus serves and has its streams. */
  bus: Promise<void>;
  cache: Promise<void>;
  edge: Promise<void>;
  stop(): Promise<void>;
}

function definitionsOf(home: Home, settings: PlatformSettings) {
  return {
    databases: byName(serviceNames, (service) => postgresServer(home, service, settings.clusters[service])),
    bus: natsServer(home, settings.nats),
    cache: redisServer(home, settings.redis),
    router: edgeRouter(home),
    entrance: edgeEntrance(home, settings.edge),
  };
}

/** What launchServers starts. */
export function serverDefinitions(home: Home, settings: PlatformSettings): ProcessDefinition[] {
  const { databases, ...others } = definitionsOf(home, settings);
  return [...Object.values(databases), ...Object.values(others)];
}

export function launchServers(home: Home, settings: PlatformSettings, listener: ProcessListener): Servers {
  const definitions = definitionsOf(home, settings);
  const processes: ManagedProcess[] = [];
  const start = async (definition: ProcessDefinition, own: ProcessListener = listener) => {
    const server = new ManagedProcess(definition, home, own);
    processes.push(server);
    await server.start();
  };
  let stopped = false;
  /** Tries again until the deadline: JetStream may still be reading its store when the server answers already. */
  const provision = async (deadline: number) => {
    const { provisionStreams } = await import('@capsule/messaging');
    for (;;) {
      try {
        const admin = { url: settings.nats.url, password: natsAdminPassword(home) };
        return await provisionStreams(admin);
      } catch (error) {
        if (stopped || performance.now() > deadline) throw error;
        await sleep(provisionPauseMs);
      }
    }
  };
  const busListener: ProcessListener = {
    ...listener,
    onReady: (server, milliseconds) => {
      listener.onReady?.(server, milliseconds);
      if (server.restarts === 0) return;
      // A bus that came back may have lost its store: consumers wait until their durables are there again.
      provision(Number.POSITIVE_INFINITY).catch((error: Error) =>
        listener.onDeath?.(server, `nats has no streams: ${error.message}`, ''),
      );
    },
  };
  const servers = {
    databases: byName(serviceNames, async (service) => {
      await start(definitions.databases[service]);
      await provisionRoles(home, service, settings.clusters[service]);
    }),
    bus: start(definitions.bus, busListener).then(() => provision(performance.now() + provisionTimeoutMs)),
    cache: start(definitions.cache),
    // The entrance answers as the router does, so it is ready when both are.
    edge: Promise.all([start(definitions.router), start(definitions.entrance)]).then(() => {}),
  };
  return {
    ...servers,
    processes,
    stop: async () => {
      stopped = true;
      await Promise.all(processes.map((server) => server.stop()));
    },
  };
}

/** Starts them all and resolves when each can be used; when one cannot, stops the others and throws the first reason. */
export async function startServers(
  home: Home,
  settings: PlatformSettings,
  listener: ProcessListener = {},
): Promise<Servers> {
  const servers = launchServers(home, settings, listener);
  try {
    await allUsable(servers);
    return servers;
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

export async function allUsable({ databases, bus, cache, edge }: Servers): Promise<void> {
  await Promise.all([...Object.values(databases), bus, cache, edge]);
}
