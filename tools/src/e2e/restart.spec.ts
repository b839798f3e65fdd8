/**
 * Every process of the platform restarted in an orderly way while 32 clients are at work: nobody may notice but those
 * whose new connection the gateway did not take any more.
 */
import { resolve } from 'node:path';
import { serviceNames } from '@capsule/contracts';
import { testPorts } from '@capsule/testing/test-ports';
import type pg from 'pg';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import { RestartLoad, type Traffic } from './restart-load.fixture.js';
import { signUpTeam, type Team } from './team.fixture.js';

const START_MS = 180_000;
const RESTARTS_MS = 180_000;
const CLIENTS = 32;

describe('an orderly restart under load', () => {
  let running: PrivatePlatform;
  let team: Team;
  let load: RestartLoad;
  let database: pg.Client;
  let loads = 0;

  beforeAll(async () => {
    running = await startPrivatePlatform({
      workspace: resolve(import.meta.dirname, '../../..'),
      name: 'e2e-restart',
      firstPort: testPorts('restart.spec')[0],
      reporter: { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} },
      variables: { AUTH_SERVICE_BCRYPT_COST: '4', GATEWAY_LIMIT_PER_MINUTE: '1000000' },
    });
    team = await signUpTeam(running.gatewayUrl, 'Acme');
    const { deploy } = running.settings.clusters;
    database = await connectAsSuperuser(running.home, 'deploy', deploy, deploy.database);
    await database.query('UPDATE quotas SET max_apps = 1000000');
  }, START_MS);

  afterAll(async () => {
    await database?.end();
    await running?.stop();
  }, START_MS);

  beforeEach(async () => {
    load = new RestartLoad(running.gatewayUrl, team.signedUp.accessToken);
    loads += 1;
    load.start(CLIENTS, traffic);
    await load.settle(3);
  });

  afterEach(() => load.end());

  it.each(serviceNames)(
    'of %s is noticed by nobody',
    async (service) => {
      await running.platform.restart(service);
      await load.settle(3);
      await load.end();
      expect(load.lost).toEqual([]);
      expect(load.refused).toBe(0);
      await expectEachMadeOnce();
    },
    RESTARTS_MS,
  );

  it(
    'of the gateway leaves no request unanswered that it took',
    async () => {
      await running.platform.restart('gateway');
      await load.settle(3);
      await load.end();
      expect(load.lost).toEqual([]);
      expect(load.refused).toBeGreaterThan(0);
      await expectEachMadeOnce();
    },
    RESTARTS_MS,
  );

  /** Mostly the same read, as dashboards do, and now and then something else of each service. */
  function traffic(client: number, round: number): Traffic {
    const project = `/v1/projects/${team.project.id}`;
    const kinds: Traffic[] = [
      { call: { method: 'GET', path: '/v1/billing/usage' }, status: 200 },
      { call: { method: 'GET', path: `/v1/apps/${team.app.id}/metrics?stepSeconds=10` }, status: 200 },
      { call: { method: 'GET', path: '/v1/auth/me' }, status: 200 },
      {
        call: { method: 'POST', path: `${project}/apps`, body: { name: `app-${loads}-${client}-${round}` } },
        status: 201,
      },
    ];
    return kinds[(client + round) % 8] ?? { call: { method: 'GET', path: project }, status: 200 };
  }

  /** Whoever was told that an app was made finds it, and none was made that nobody was told of. */
  async function expectEachMadeOnce(): Promise<void> {
    const { rows } = await database.query<{ id: string }>(
      `SELECT id FROM apps WHERE name LIKE 'app-${loads}-%'`,
    );
    expect(load.made.length).toBeGreaterThan(CLIENTS / 8);
    expect(rows.map(({ id }) => id).sort()).toEqual(load.made.toSorted());
  }
});
