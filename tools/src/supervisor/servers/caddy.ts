import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { findProgram } from '../../../bootstrap/programs.mjs';
import { serverFolder, type Home } from '../home.js';
import type { ProcessDefinition } from '../managed-process.js';
import type { PortSetting } from '../platform-settings.js';
import { writePrivateFile } from '../secret-file.js';

/** The edge that hosted apps are reached through. It starts without routes; the deploy service fills them in. */
export function caddyServer(home: Home, settings: PortSetting): ProcessDefinition {
  const folder = serverFolder(home, 'caddy');
  const configuration = join(folder, 'caddy.json');
  const program = findProgram('caddy');
  if (!program) throw new Error('caddy is not installed.');
  return {
    name: 'caddy',
    listens: settings,
    program,
    arguments: ['run', '--config', configuration, '--pidfile', join(folder, 'caddy.pid')],
    environment: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    user: home.user,
    marker: configuration,
    pidFile: join(folder, 'caddy.pid'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 20_000,
    prepare: () => {
      // A socket left by a killed Caddy would make the new one fail to listen.
      rmSync(home.edgeAdminSocket, { force: true });
      const text = JSON.stringify(edgeConfiguration(home.edgeAdminSocket, settings.port), null, 2);
      writePrivateFile(configuration, text, home.user);
    },
    probe: () => getAdmin(home.edgeAdminSocket, '/config/apps/http/servers/apps/listen'),
  };
}

/** Always the last route: what answers for a host that no app has. */
const noSuchApp = {
  '@id': 'no-such-app',
  handle: [
    {
      handler: 'static_response',
      status_code: 404,
      headers: { 'Content-Type': ['application/problem+json'] },
      body: JSON.stringify({
        type: 'about:blank',
        title: 'No such app',
        status: 404,
        detail: 'No app with this host name is running here.',
      }),
    },
  ],
};

/** Caddy's whole configuration before the deploy service puts its routes in. */
export function edgeConfiguration(adminSocket: string, port: number): object {
  return {
    admin: {
      listen: `unix/${adminSocket}`,
      // Caddy compares the Host header even on a socket; HTTP clients send this one there.
      origins: ['localhost'],
      config: { persist: false },
    },
    apps: {
      http: {
        grace_period: '3s',
        servers: {
          apps: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [noSuchApp],
          },
        },
      },
    },
  };
}

function getAdmin(socketPath: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 2_000 }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`admin answered ${response.statusCode}`));
    });
    call.once('timeout', () => call.destroy(new Error('no answer')));
    call.once('error', reject);
    call.end();
  });
}
