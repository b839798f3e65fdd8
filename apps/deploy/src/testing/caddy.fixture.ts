import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@capsule/testing';
import { EdgeClient } from '../edge/edge-client.js';
import type { DeployConfig } from '../config.js';

/** A private Caddy with the configuration the supervisor gives it. */
export class CaddyFixture {
  readonly adminSocket: string;
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {
    this.adminSocket = join(folder, 'admin.sock');
  }

  static async start(folder: string): Promise<CaddyFixture> {
    const caddy = new CaddyFixture(folder, await freePort());
    await caddy.start();
    return caddy;
  }

  /** Brings it up without any route, as after a restart. */
  async start(): Promise<void> {
    const file = join(this.folder, 'caddy.json');
    await rm(this.adminSocket, { force: true });
    await writeFile(file, JSON.stringify(configuration(this.adminSocket, this.port)));
    this.child = spawn('caddy', ['run', '--config', file], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        XDG_DATA_HOME: this.folder,
        XDG_CONFIG_HOME: this.folder,
      },
    });
    process.once('exit', () => this.child?.kill('SIGKILL'));
    const client = this.client();
    await eventually(() => client.readRoutes(), 10_000);
  }

  async kill(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  client(): EdgeClient {
    return new EdgeClient({ edge: { adminSocket: this.adminSocket } } as DeployConfig);
  }
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function configuration(adminSocket: string, port: number): object {
  return {
    admin: { listen: `unix/${adminSocket}`, origins: ['localhost'], config: { persist: false } },
    apps: {
      http: {
        grace_period: '3s',
        servers: {
          apps: { listen: [`127.0.0.1:${port}`], automatic_https: { disable: true }, routes: [] },
        },
      },
    },
  };
}
