import { rename } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createDataSource, Database } from '@capsule/database';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../testing/deploy-service.fixture.js';
import { type App, Deployer } from '../testing/deployer.fixture.js';
import { answering } from '../testing/sample-apps.fixture.js';
import { AppUrl } from '../apps/app-url.js';
import type { DeploySettings } from '../config.js';
import { Edge } from './edge.js';
import { EdgeReconciler } from './edge-reconciler.js';
import { readMarker } from './edge-routes.js';

interface Load {
  answers: string[];
  failures: string[];
}

describe('the edge', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
    acme = new Deployer(service, await service.organization('acme'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  /** Clients that ask one request after the other until they are told to stop. */
  function load(app: App, path: string, clients: number, keepAlive: boolean): { stop: () => Promise<Load> } {
    const result: Load = { answers: [], failures: [] };
    let stopped = false;
    const agent = keepAlive ? new Agent({ keepAlive: true }) : undefined;
    const ask = () =>
      new Promise<void>((resolve) => {
        const call = request({
          host: '127.0.0.1',
          port: service.caddy.port,
          path,
          agent: agent ?? false,
          headers: { host: `${app.host}.localhost` },
        });
        call.once('response', (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.once('end', () => {
            if (response.statusCode === 200) result.answers.push(body);
            else result.failures.push(`status ${response.statusCode}`);
            resolve();
          });
          response.once('error', (error) => {
            result.failures.push(String(error));
            resolve();
          });
        });
        call.once('error', (error: NodeJS.ErrnoException) => {
          // The server may close an idle connection just when it is used again: every HTTP client asks again then.
          if (call.reusedSocket && error.code === 'ECONNRESET') return resolve();
          result.failures.push(String(error));
          resolve();
        });
        call.end();
      });
    const running = Array.from({ length: clients }, async () => {
      while (!stopped) await ask();
    });
    return {
      stop: async () => {
        stopped = true;
        await Promise.all(running);
        agent?.destroy();
        return result;
      },
    };
  }

  it.each([
    ['new connections', '/', false],
    ['kept-alive connections', '/', true],
    ['slow requests that outlast a switch', '/slow/700', false],
  ])('loses no request of %s while versions are switched', async (what, path, keepAlive) => {
    const app = await acme.app(`load-${what.split(' ')[0]}`);
    await acme.deployLive(app, answering('v1'));
    const clients = load(app, path, 8, keepAlive);

    await acme.deployLive(app, answering('v2'));
    await acme.deployLive(app, answering('v3'));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const { answers, failures } = await clients.stop();

    expect(failures).toEqual([]);
    expect(new Set(answers)).toEqual(new Set(['v1', 'v2', 'v3']));
    // No answer of an old version after the first of a new one but those that were under way.
    expect(answers.lastIndexOf('v1')).toBeLessThan(answers.length - 8);
    expect(answers.at(-1)).toBe('v3');
    console.log(`${what}: ${answers.length} answers, ${failures.length} failures over two switches`);
  });

  it('is given its routes again after it was restarted without any', async () => {
    const app = await acme.app('restarted');
    await acme.deployLive(app, answering('here'));

    await service.caddy.kill();
    await service.caddy.start();
    expect(await service.caddy.client().readRoutes()).toEqual([]);

    await eventually(async () => expect((await service.get(app.host)).body).toBe('here'), 10_000);
  });

  it('is given its routes again after somebody else changed them', async () => {
    const app = await acme.app('meddled');
    await acme.deployLive(app, answering('here'));

    await service.caddy.client().replaceRoutes([{ handle: [{ handler: 'static_response', body: 'mine' }] }]);
    expect((await service.get(app.host)).body).toBe('mine');

    await eventually(async () => expect((await service.get(app.host)).body).toBe('here'), 10_000);
    expect(readMarker(await service.caddy.client().readFirstRoute())).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is given a change it could not be given at once, although it kept its routes all the time', async () => {
    const app = await acme.app('behind');
    await acme.deployLive(app, answering('here'));
    const database = new Database(await createDataSource(service.database.settings, 'spec', []).initialize());
    const urls = new AppUrl({
      edge: { appsDomain: 'localhost', port: service.caddy.port },
    } as DeploySettings);
    const edge = new Edge(database, service.caddy.client(), urls);
    const reconciler = new EdgeReconciler(edge);
    const route = (routed: boolean) =>
      service.sql((db) => db.query('UPDATE instances SET routed = $1 WHERE app_id = $2', [routed, app.id]));
    const { adminSocket } = service.caddy;
    try {
      reconciler.start();
      await eventually(async () => expect(await edge.isInPlace()).toBe(true));
      await rename(adminSocket, `${adminSocket}.away`);
      await route(false);
      await expect(edge.apply()).rejects.toThrow('the edge cannot be reached');
      await rename(`${adminSocket}.away`, adminSocket);
      expect((await service.get(app.host)).body).toBe('here');

      await eventually(async () => expect((await service.get(app.host)).status).toBe(503), 10_000);
    } finally {
      await reconciler.stop();
      await route(true);
      await edge.apply();
      await database.close();
    }
  }, 30_000);

  it('is waited for by a deployment that would switch while it is away', async () => {
    const app = await acme.app('waiting');
    await acme.deployLive(app, answering('old'));
    await service.caddy.kill();
    const deployment = await acme.deploy(app, answering('new'));
    const begun = `SELECT FROM deployment_steps WHERE deployment_id = $1 AND step = 'switch'`;
    await eventually(async () => {
      const { rowCount } = await service.sql((db) => db.query(begun, [deployment.id]));
      expect(rowCount).toBe(1);
    }, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await acme.get(deployment)).state).toBe('update_in_progress');

    await service.caddy.start();

    await acme.reached(deployment, 'live', 15_000);
    expect((await service.get(app.host)).body).toBe('new');
  });

  it('tells an app who asked, whatever the client claims', async () => {
    const app = await acme.app('forwarded');
    await acme.deployLive(app, answering('x'));

    const lies = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'capsule-client-address': '203.0.113.9',
      'capsule-client-scheme': 'https',
    };

    for (const port of [service.caddy.port, service.caddy.directPort]) {
      const { body } = await service.get(app.host, '/headers', lies, port);
      const seen = JSON.parse(body) as Record<string, string>;
      expect(seen).toMatchObject({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': `${app.host}.localhost:${service.caddy.port}`,
      });
      expect(Object.keys(seen).filter((name) => name.startsWith('capsule-'))).toEqual([]);
    }
  });

  it('says 404 to hosts of no app', async () => {
    expect((await service.get('nobody-here')).status).toBe(404);
  });
});
