import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Home, openHome } from '../home.js';
import { ManagedProcess } from '../managed-process.js';
import { edgeEntrance, edgeRouter } from './caddy.js';

const port = 27_097;

describe('the edge', () => {
  let home: Home;
  let router: ManagedProcess;
  let entrance: ManagedProcess;

  beforeAll(async () => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-edge-')));
    router = new ManagedProcess(edgeRouter(home), home);
    entrance = new ManagedProcess(edgeEntrance(home, { port, variable: 'APPS_EDGE_PORT' }), home);
    await Promise.all([router.start(), entrance.start()]);
  });

  afterAll(async () => {
    await Promise.all([router.stop(), entrance.stop()]);
    rmSync(home.path, { recursive: true });
  });

  it('answers for an unknown host with a problem document', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, title: 'No such app' });
  });

  it('says 502 while the router is away, on a connection that lives on, and then again what the router says', async () => {
    const visitor = new Visitor();
    expect(await visitor.ask()).toBe(404);
    process.kill(router.pid as number, 'SIGKILL');
    const statuses = new Set<number>();
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; await sleep(5)) {
      statuses.add(await visitor.ask());
      if (router.restarts === 1 && router.state === 'ready') break;
    }
    expect([...statuses].filter((status) => status !== 404)).toEqual([502]);
    expect(await visitor.ask()).toBe(404);
    expect(visitor.connections.size).toBe(1);
    expect(entrance.restarts).toBe(0);
    visitor.leave();
  });

  it('keeps everybody else away from the sockets of its router', () => {
    const folder = dirname(home.edgeAdminSocket);
    const { mode, uid } = statSync(folder);
    expect(mode & 0o777).toBe(0o700);
    expect(uid).toBe(home.user?.uid ?? process.getuid?.());
    const sockets = readdirSync(folder);
    expect(sockets.toSorted()).toEqual(['admin.sock', 'router.sock']);
    if (process.getuid?.() !== 0) return;
    for (const socket of sockets) {
      // As a user who is neither root nor the servers': the socket itself would let anybody in.
      const connect = `require('net').connect(process.argv[1]).on('error', (e) => { console.log(e.code); process.exit(1); }).on('connect', () => process.exit(0))`;
      const stranger = spawnSync(process.execPath, ['-e', connect, join(folder, socket)], {
        uid: 64_999,
        gid: 64_999,
        cwd: '/',
        encoding: 'utf8',
      });
      expect(stranger).toMatchObject({ status: 1, stdout: 'EACCES\n' });
    }
  });
});

/** Asks again and again over a connection that is kept, and counts how many it needed. */
class Visitor {
  readonly connections = new Set<Socket>();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  ask(): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, agent: this.agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      });
      call.once('socket', (socket) => this.connections.add(socket));
      call.once('error', reject);
      call.end();
    });
  }

  leave(): void {
    this.agent.destroy();
  }
}
