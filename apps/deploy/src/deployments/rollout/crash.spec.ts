import { deploymentCancel } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { type App, type Deployment, Deployer } from '../../testing/deployer.fixture.js';
import { answering, answeringStatus, slowlyBuilt } from '../../testing/sample-apps.fixture.js';

/** A lease must run out before another life of the service takes the work over. */
const RESUMED_WITHIN_MS = 40_000;

describe('after a kill -9 in the middle of everything', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;
  let oneSlot: Deployer;

  let building: Deployment;
  let queued: Deployment;
  let canceled: Deployment;
  let starting: { app: App; deployment: Deployment; instanceId: string };
  let replaced: { old: Deployment; oldPid: number };
  let running: { app: App; deployment: Deployment; pid: string };
  let died: { app: App; deployment: Deployment; instanceId: string };
  let answeredWhileDead: { status: number; body: string };

  beforeAll(async () => {
    service = await DeployServiceFixture.start({
      DEPLOY_SERVICE_DRAIN_SECONDS: '3',
      DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS: '60',
    });
    acme = new Deployer(service, await service.organization('acme'));
    oneSlot = new Deployer(service, await service.organization('one-slot', { maxConcurrentBuilds: 1 }));

    const runningApp = await acme.app('running');
    running = {
      app: runningApp,
      deployment: await acme.deployLive(runningApp, answering('running')),
      pid: '',
    };
    running.pid = (await service.get(runningApp.host, '/pid')).body;
    const diedApp = await acme.app('died');
    const diedLive = await acme.deployLive(diedApp, answering('died'));
    died = { app: diedApp, deployment: diedLive, instanceId: diedLive.instance?.id ?? '' };
    const replacedApp = await acme.app('replaced');
    const old = await acme.deployLive(replacedApp, answering('old'));

    building = await oneSlot.deploy(await oneSlot.app('building'), slowlyBuilt(answering('built'), 4_000));
    await oneSlot.reached(building, 'build_in_progress');
    queued = await oneSlot.deploy(await oneSlot.app('queued'), answering('queued'));
    await oneSlot.reached(queued, 'queued');
    canceled = await acme.deploy(await acme.app('canceled'), slowlyBuilt(answering('never'), 60_000));
    await acme.reached(canceled, 'build_in_progress');

    const startingApp = await acme.app('starting');
    const deployment = await acme.deploy(startingApp, answeringStatus(503, 4_000));
    const seen = await eventually(async () => {
      const now = await acme.get(deployment);
      expect(now.instance?.state).toBe('starting');
      return now;
    });
    starting = { app: startingApp, deployment, instanceId: seen.instance?.id ?? '' };

    replaced = { old, oldPid: Number((await service.get(replacedApp.host, '/pid')).body) };
    await acme.deployLive(replacedApp, answering('new'));
    // The request is committed and the worker has no time to carry it out.
    const asked = acme.organization.call(deploymentCancel, { deploymentId: canceled.id });
    await asked;

    await service.kill();
    answeredWhileDead = await service.get(running.app.host);
    await service.get(died.app.host, '/crash').catch(() => undefined);
    await service.boot();
  }, 90_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('what was live went on answering, by the same process before, during and after', async () => {
    expect(answeredWhileDead).toEqual({ status: 200, body: 'running' });
    expect((await service.get(running.app.host, '/pid')).body).toBe(running.pid);
    expect((await acme.get(running.deployment)).instance?.id).toBe(running.deployment.instance?.id);
  });

  it('an instance that ended meanwhile is noticed and replaced', async () => {
    await eventually(
      async () => expect((await service.get(died.app.host)).body).toBe('died'),
      RESUMED_WITHIN_MS,
    );
    const now = await acme.get(died.deployment);
    expect(now.state).toBe('live');
    expect(now.instance?.id).not.toBe(died.instanceId);
  }, 60_000);

  it('a build is begun again and its deployment goes live', async () => {
    await oneSlot.reached(building, 'live', RESUMED_WITHIN_MS);
    const { rows } = await service.sql((db) =>
      db.query(
        `SELECT step, outcome FROM deployment_steps WHERE deployment_id = $1 AND step = 'build' ORDER BY attempt`,
        [building.id],
      ),
    );
    expect(rows).toEqual([
      { step: 'build', outcome: 'interrupted' },
      { step: 'build', outcome: 'done' },
    ]);
    expect(await oneSlot.history(building)).toEqual([
      'created',
      'queued',
      'build_in_progress',
      'queued',
      'update_in_progress',
      'live',
    ]);
  }, 60_000);

  it('one that waited for its turn gets it', async () => {
    await oneSlot.reached(queued, 'live', RESUMED_WITHIN_MS);
  }, 60_000);

  it('an instance that was starting is found again, not started twice', async () => {
    const live = await acme.reached(starting.deployment, 'live', RESUMED_WITHIN_MS);
    expect(live.instance?.id).toBe(starting.instanceId);
    const { rows } = await service.sql((db) =>
      db.query('SELECT id FROM instances WHERE deployment_id = $1', [starting.deployment.id]),
    );
    expect(rows).toEqual([{ id: starting.instanceId }]);
  }, 60_000);

  it('an instance that was draining is stopped', async () => {
    await eventually(
      () => expect(() => process.kill(replaced.oldPid, 0)).toThrow('ESRCH'),
      RESUMED_WITHIN_MS,
    );
    await eventually(
      async () => expect((await acme.get(replaced.old)).instance?.state).toBe('exited'),
      15_000,
    );
  }, 60_000);

  it('a cancel that was asked for is carried out', async () => {
    await acme.reached(canceled, 'canceled', RESUMED_WITHIN_MS);
  }, 60_000);

  it('no object lies in storage without a row that names it', async () => {
    expect(await service.objectsWithoutRow()).toEqual([]);
  });

  it('no app has two routed instances, two live deployments, or work left over', async () => {
    await eventually(async () => {
      const { rows } = await service.sql((db) =>
        db.query(
          `SELECT (SELECT count(*) FROM work_items)::integer AS work,
             (SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM instances WHERE routed GROUP BY app_id) r)::integer AS routed,
             (SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM deployments WHERE state = 'live' GROUP BY app_id) l)::integer AS live`,
        ),
      );
      expect(rows).toEqual([{ work: 0, routed: 1, live: 1 }]);
    }, 20_000);
  }, 30_000);
});

describe('after a kill -9 during the switch', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
    acme = new Deployer(service, await service.organization('acme'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('the decision stands and is carried out when the edge is back', async () => {
    const app = await acme.app('switched');
    const old = await acme.deployLive(app, answering('old'));
    await service.caddy.kill();
    const deployment = await acme.deploy(app, answering('new'));
    await eventually(async () => {
      const { rows } = await service.sql((db) =>
        db.query('SELECT FROM instances WHERE deployment_id = $1 AND routed', [deployment.id]),
      );
      expect(rows).toHaveLength(1);
    }, 15_000);
    expect((await acme.get(deployment)).state).toBe('update_in_progress');

    await service.kill();
    await service.caddy.start();
    await service.boot();
    await acme.reached(deployment, 'live', RESUMED_WITHIN_MS);

    expect((await acme.get(old)).state).toBe('superseded');
    expect((await service.get(app.host)).body).toBe('new');
  }, 60_000);
});

describe('an orderly end', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
    acme = new Deployer(service, await service.organization('acme'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('ends what is being built, keeps what runs, and hands the work over at once', async () => {
    const app = await acme.app('running');
    const running = await acme.deployLive(app, answering('running'));
    const building = await acme.deploy(await acme.app('building'), slowlyBuilt(answering('built'), 2_000));
    await eventually(async () => expect(await service.processesOf(building.id)).not.toHaveLength(0));

    const begunAt = Date.now();
    await service.terminate();
    const endedInMs = Date.now() - begunAt;
    expect(await service.processesOf(building.id)).toEqual([]);
    expect((await service.get(app.host)).body).toBe('running');
    await service.boot();

    // Far sooner than a lease runs out.
    await acme.reached(building, 'live', 10_000);
    expect((await acme.get(running)).instance?.id).toBe(running.instance?.id);
    expect(endedInMs).toBeLessThan(10_000);
  }, 40_000);
});
