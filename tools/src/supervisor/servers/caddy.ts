import { rmSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';
import { dirname, join } from 'node:path';
import { findProgram } from '../../../bootstrap/programs.mjs';
import { serverFolder, type Home } from '../home.js';
import type { ProcessDefinition } from '../managed-process.js';
import type { PortSetting } from '../platform-settings.js';
import { writePrivateFile } from '../secret-file.js';
import { edgePages } from './edge-pages.js';

/*
 * The edge that hosted apps are reached through: two processes.
 *
 *   visitors ─► caddy (the entrance: owns the port, never reconfigured) ─► caddy-router (its routes are the deploy
 *   service's, changed with every deployment) ─► instances
 *
 * Each change of its configuration makes Caddy open its TCP port anew, and connections that wait on the old socket at
 * that moment are reset: one deployment would cost other apps their requests. A unix socket is handed on instead.
 */

/** Owns the port. Whatever happens behind it, connections are accepted. */
export function edgeEntrance(home: Home, settings: PortSetting): ProcessDefinition {
  return {
    ...caddyProcess(home, 'caddy', entranceConfiguration(routerSocket(home), settings.port)),
    listens: settings,
    probe: () => answers({ host: '127.0.0.1', port: settings.port }),
  };
}

/** Knows which app answers for which host. It starts without routes; the deploy service fills them in. */
export function edgeRouter(home: Home): ProcessDefinition {
  const sockets = { admin: home.edgeAdminSocket, router: routerSocket(home) };
  const process = caddyProcess(home, 'caddy-router', routerConfiguration(sockets));
  return {
    ...process,
    prepare: async () => {
      // A socket left by a killed Caddy would make the new one fail to listen.
      for (const socket of Object.values(sockets)) rmSync(socket, { force: true });
      await process.prepare?.();
    },
    probe: () => answers({ socketPath: home.edgeAdminSocket, path: '/config/apps/http/servers/apps/listen' }),
  };
}

function routerSocket(home: Home): string {
  return join(dirname(home.edgeAdminSocket), 'router.sock');
}

function caddyProcess(home: Home, name: string, configuration: object): Omit<ProcessDefinition, 'probe'> {
  const folder = serverFolder(home, name);
  const file = join(folder, 'caddy.json');
  const program = findProgram('caddy');
  if (!program) throw new Error('caddy is not installed.');
  return {
    name,
    program,
    arguments: ['run', '--config', file, '--pidfile', join(folder, 'caddy.pid')],
    environment: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    user: home.user,
    marker: file,
    pidFile: join(folder, 'caddy.pid'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 20_000,
    prepare: () => writePrivateFile(file, JSON.stringify(configuration, null, 2), home.user),
  };
}

/** Until the deploy service has put its routes in, nobody knows which hosts have an app, so none is denied. */
const notYetKnown = { handle: [{ handler: 'error', status_code: 503 }] };

/** The entrance's whole configuration: everything goes to the router, with who really asked. */
export function entranceConfiguration(routerSocketPath: string, port: number): object {
  const proxy = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `unix/${routerSocketPath}` }],
    // A kept connection could be closed by the router just when it is used again.
    transport: { protocol: 'http', keep_alive: { enabled: false } },
    headers: {
      request: {
        set: {
          'Capsule-Client-Address': ['{http.request.remote.host}'],
          'Capsule-Client-Scheme': ['{http.request.scheme}'],
        },
      },
    },
  };
  return {
    admin: { disabled: true, config: { persist: false } },
    apps: {
      http: {
        servers: {
          entrance: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [{ handle: [proxy] }],
            errors: edgePages,
          },
        },
      },
    },
  };
}

/** The router's configuration before the deploy service puts its routes in. */
export function routerConfiguration(sockets: { admin: string; router: string }): object {
  return {
    admin: {
      listen: `unix/${sockets.admin}`,
      // Caddy compares the Host header even on a socket; HTTP clients send this one there.
      origins: ['localhost'],
      config: { persist: false },
    },
    apps: {
      http: {
        // Requests under way when routes change are finished by the old ones, however long they take.
        grace_period: '600s',
        servers: {
          apps: {
            listen: [`unix/${sockets.router}`],
            automatic_https: { disable: true },
            routes: [notYetKnown],
            errors: edgePages,
          },
        },
      },
    },
  };
}

/** Any answer but a failure of Caddy itself: without the router the entrance says 502, without routes 503, else 404. */
function answers(target: RequestOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ ...target, timeout: 2_000, agent: false }, (response) => {
      response.resume();
      if ([200, 404, 503].includes(response.statusCode ?? 0)) resolve();
      else reject(new Error(`answered ${response.statusCode}`));
    });
    call.once('timeout', () => call.destroy(new Error('no answer')));
    call.once('error', reject);
    call.end();
  });
}
