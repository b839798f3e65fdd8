import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPorts } from '@capsule/testing/test-ports';
import { type Home, openHome } from '../home.js';
import { ManagedProcess } from '../managed-process.js';
import { edgeEntrance, edgeRouter } from './caddy.js';

const [port] = testPorts('caddy.spec');

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

  const ask = (accept: string) => fetch(`http://127.0.0.1:${port}/`, { headers: { accept } });

  /** Puts routes in as the deploy service does. */
  const replaceRoutes = (routes: object[]) =>
    new Promise<void>((resolve, reject) => {
      const call = request({
        socketPath: home.edgeAdminSocket,
        method: 'PATCH',
        path: '/config/apps/http/servers/apps/routes',
        headers: { host: 'localhost', 'content-type': 'application/json' },
      });
      call.once('error', reject).once('response', (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
        );
      });
      call.end(JSON.stringify(routes));
    });

  const tellsPrograms = async (status: number, title: string, retryAfter: string | null) => {
    for (const accept of ['application/json', '*/*']) {
      const response = await ask(accept);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('retry-after')).toBe(retryAfter);
      expect(await response.json()).toMatchObject({ status, title });
    }
  };

  const tellsPeople = async (status: number, title: string, retryAfter: string | null) => {
    const response = await ask('text/html,application/xhtml+xml;q=0.9,*/*;q=0.8');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(await response.text()).toContain(`<h1>${title}</h1>`);
  };

  const down = (dial: string) => [{ handle: [{ handler: 'reverse_proxy', upstreams: [{ dial }] }] }];

  it.each([
    ['every host, before there is any route', undefined, 503, 'The app does not answer', '5'],
    ['a host of no app', [{ handle: [{ handler: 'error', status_code: 404 }] }], 404, 'No such app', null],
    [
      'an app that is being started again',
      [{ handle: [{ handler: 'error', status_code: 503 }] }],
      503,
      'The app does not answer',
      '5',
    ],
    ['an app whose instance is down', down('127.0.0.1:1'), 502, 'The app cannot be reached', '5'],
  ] as const)(
    'tells of %s in a problem document, and in a page to those who read',
    async (_, routes, status, title, retryAfter) => {
      if (routes) await replaceRoutes([...routes]);
      await tellsPrograms(status, title, retryAfter);
      await tellsPeople(status, title, retryAfter);
    },
  );

  it('leaves alone what an app says of its own errors', async () => {
    await replaceRoutes([{ handle: [{ handler: 'static_response', status_code: 503, body: 'mine' }] }]);
    const response = await ask('text/html');
    expect([response.status, await response.text()]).toEqual([503, 'mine']);
  });

  it('tells of its own router being away, and when to come back', async () => {
    await router.stop();
    await tellsPrograms(502, 'The app cannot be reached', '5');
    await tellsPeople(502, 'The app cannot be reached', '5');
    await router.start();
  });

  it('says 502 while the router is away, on a connection that lives on, and 503 until it has routes again, never that there is no such app', async () => {
    const before = router.restarts;
    const visitor = new Visitor();
    expect(await visitor.ask()).toBe(503);
    process.kill(router.pid as number, 'SIGKILL');
    const statuses = new Set<number>();
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; await sleep(5)) {
      statuses.add(await visitor.ask());
      if (router.restarts === before + 1 && router.state === 'ready') break;
    }
    expect([...statuses].filter((status) => status !== 503)).toEqual([502]);
    expect(await visitor.ask()).toBe(503);
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
