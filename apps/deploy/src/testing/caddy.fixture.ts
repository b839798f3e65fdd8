import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, freePort } from '@capsule/testing';
import { EdgeClient } from '../edge/edge-client.js';
import type { DeploySettings } from '../config.js';

/**
 * A private edge as the supervisor runs it, in two processes. Each change of its routes makes Caddy close its listening
 * socket and open another, and connections that wait on the old one at that moment are reset. So the port belongs to
 * an entrance whose configuration never changes, and the router behind it listens on a unix socket, which Caddy
 * hands on from one configuration to the next.
 */
export class CaddyFixture {
  readonly adminSocket: string;
  private entrance: ChildProcess | undefined;
  private router: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    /** Of the router itself, as where there is no entrance. */
    readonly directPort: number,
  ) {
    this.adminSocket = join(folder, 'admin.sock');
  }

  static async start(folder: string): Promise<CaddyFixture> {
    const caddy = new CaddyFixture(folder, await freePort(), await freePort());
    caddy.entrance = await caddy.run('entrance', entranceConfiguration(folder, caddy.port));
    await caddy.start();
    return caddy;
  }

  /** Brings the router up without any route, as after a restart. */
  async start(): Promise<void> {
    for (const socket of ['admin.sock', 'router.sock']) await rm(join(this.folder, socket), { force: true });
    this.router = await this.run(
      'router',
      routerConfiguration(this.folder, this.adminSocket, this.directPort),
    );
    const client = this.client();
    await eventually(() => client.readRoutes(), 10_000);
  }

  async kill(): Promise<void> {
    await end(this.router);
  }

  async close(): Promise<void> {
    await end(this.router);
    await end(this.entrance);
  }

  private async run(name: string, configuration: object): Promise<ChildProcess> {
    const file = join(this.folder, `${name}.json`);
    await writeFile(file, JSON.stringify(configuration));
    const child = spawn('caddy', ['run', '--config', file], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        XDG_DATA_HOME: this.folder,
        XDG_CONFIG_HOME: this.folder,
      },
    });
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  }

  client(): EdgeClient {
    return new EdgeClient({ edge: { adminSocket: this.adminSocket } } as DeploySettings);
  }
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function entranceConfiguration(folder: string, port: number): object {
  const proxy = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `unix/${join(folder, 'router.sock')}` }],
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
          },
        },
      },
    },
  };
}

function routerConfiguration(folder: string, adminSocket: string, directPort: number): object {
  return {
    admin: { listen: `unix/${adminSocket}`, origins: ['localhost'], config: { persist: false } },
    apps: {
      http: {
        // Requests under way when routes change are finished by the old ones, however long they take.
        grace_period: '600s',
        servers: {
          apps: {
            listen: [`unix/${join(folder, 'router.sock')}`, `127.0.0.1:${directPort}`],
            automatic_https: { disable: true },
            routes: [],
          },
        },
      },
    },
  };
}
