import { appDeactivate, deploymentCancel } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { Deployer } from '../../testing/deployer.fixture.js';
import { answering, answeringStatus, slowlyBuilt } from '../../testing/sample-apps.fixture.js';

describe('canceling a deployment', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start({ DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS: '60' });
    acme = new Deployer(service, await service.organization('acme', { maxConcurrentBuilds: 1 }));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  const cancel = (deployment: { id: string }) =>
    acme.organization.call(deploymentCancel, { deploymentId: deployment.id });

  it('that waits ends it at once, and lets the one that builds go on', async () => {
    const building = await acme.deploy(await acme.app('builds'), slowlyBuilt(answering('x'), 1_000));
    await acme.reached(building, 'build_in_progress');
    const waiting = await acme.deploy(await acme.app('waits'), answering('never'));
    await acme.reached(waiting, 'queued');

    expect((await cancel(waiting)).state).toBe('canceled');

    await acme.reached(building, 'live');
    expect(await acme.history(waiting)).toEqual(['created', 'queued', 'canceled']);
  });

  it('that builds ends its build: canceled is said when its processes are gone, and the next one builds', async () => {
    const building = await acme.deploy(await acme.app('cut-build'), slowlyBuilt(answering('x'), 60_000));
    await acme.reached(building, 'build_in_progress');
    await eventually(async () => expect(await service.processesOf(building.id)).not.toHaveLength(0));
    const next = await acme.deploy(await acme.app('after-cut'), answering('next'));

    expect((await cancel(building)).state).toBe('build_in_progress');
    await acme.reached(building, 'canceled', 10_000);

    expect(await service.processesOf(building.id)).toEqual([]);
    await acme.reached(next, 'live', 5_000);
  });

  it('that starts ends its instance and leaves the old one in service', async () => {
    const app = await acme.app('cut-start');
    const old = await acme.deployLive(app, answering('old'));
    const starting = await acme.deploy(app, answeringStatus(503));
    const instanceId = await eventually(async () => {
      const { instance } = await acme.get(starting);
      if (!instance) throw new Error('no instance yet');
      expect(await service.processesOf(instance.id)).not.toHaveLength(0);
      return instance.id;
    });

    await cancel(starting);
    const canceled = await acme.reached(starting, 'canceled', 10_000);

    expect(canceled.instance?.state).toBe('exited');
    expect(await service.processesOf(instanceId)).toEqual([]);
    expect((await acme.get(old)).state).toBe('live');
    expect((await service.get(app.host)).body).toBe('old');
  });

  it('because its app is taken down in the middle of a build takes the same way, and blocks nobody', async () => {
    const app = await acme.app('taken-down');
    const live = await acme.deployLive(app, answering('old'));
    const building = await acme.deploy(app, slowlyBuilt(answering('never'), 60_000));
    await acme.reached(building, 'build_in_progress');
    await eventually(async () => expect(await service.processesOf(building.id)).not.toHaveLength(0));
    // It waits for the one slot there is.
    const waiting = await acme.deploy(await acme.app('behind'), answering('behind'));

    await acme.organization.call(appDeactivate, { appId: app.id });

    await acme.reached(building, 'canceled', 10_000);
    expect(await service.processesOf(building.id)).toEqual([]);
    expect((await acme.get(live)).state).toBe('deactivated');
    await acme.reached(waiting, 'live', 10_000);
    await acme.deployLive(app, answering('again'));
    expect((await service.get(app.host)).body).toBe('again');
  }, 60_000);

  it('that is live or has ended is refused, and canceling twice changes nothing', async () => {
    const app = await acme.app('too-late');
    const live = await acme.deployLive(app, answering('x'));
    await expect(cancel(live)).rejects.toMatchObject({ code: 'deploy.deployment.not_cancelable' });

    const starting = await acme.deploy(app, answeringStatus(503));
    await acme.reached(starting, 'update_in_progress');
    await cancel(starting);
    await acme.reached(starting, 'canceled', 10_000);
    expect((await cancel(starting)).state).toBe('canceled');
    expect((await acme.history(starting)).filter((state) => state === 'canceled')).toHaveLength(1);
  });
});
