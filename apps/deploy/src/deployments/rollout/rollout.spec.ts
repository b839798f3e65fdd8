import {
  appDeactivate,
  appGet,
  deploymentCreate,
  deploymentLogRead,
  deploymentRollback,
} from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { Deployer } from '../../testing/deployer.fixture.js';
import { answering, answeringStatus, program, slowlyBuilt } from '../../testing/sample-apps.fixture.js';

const MEBIBYTE = 1024 * 1024;

describe('a deployment', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;

  beforeAll(async () => {
    service = await DeployServiceFixture.start({
      DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS: '4',
      DEPLOY_SERVICE_BUILD_TIMEOUT_SECONDS: '8',
    });
    acme = new Deployer(service, await service.organization('acme'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('goes live and answers on a host name of its own', async () => {
    const app = await acme.app('hello');
    expect(app).toMatchObject({
      host: 'hello-acme',
      url: `http://hello-acme.localhost:${service.caddy.port}`,
    });

    const live = await acme.deployLive(app, answering('first'));

    expect(await service.get(app.host)).toEqual({ status: 200, body: 'first' });
    expect(live).toMatchObject({ failure: null, instance: { state: 'healthy' } });
    expect(await acme.history(live)).toEqual([
      'created',
      'queued',
      'build_in_progress',
      'queued',
      'update_in_progress',
      'live',
    ]);
    expect(await acme.organization.call(appGet, { appId: app.id })).toMatchObject({
      liveDeploymentId: live.id,
    });
  });

  it('takes over from the one before, which ends and is stopped after its drain', async () => {
    const app = await acme.app('replaced');
    const old = await acme.deployLive(app, answering('old'));
    const pid = Number((await service.get(app.host, '/pid')).body);

    await acme.deployLive(app, answering('new'));

    expect((await service.get(app.host)).body).toBe('new');
    expect((await acme.get(old)).state).toBe('superseded');
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 15_000);
    await eventually(async () => expect((await acme.get(old)).instance?.state).toBe('exited'), 15_000);
  });

  it('is rolled back to by a new deployment of the kept artifact, without a build', async () => {
    const app = await acme.app('rolled-back');
    const first = await acme.deployLive(app, answering('one'));
    await acme.deployLive(app, answering('two'));

    const back = await acme.organization.call(deploymentRollback, { deploymentId: first.id });
    const live = await acme.reached(back, 'live');

    expect(live).toMatchObject({ rollbackOf: first.id, source: first.source });
    expect(await acme.history(back)).toEqual(['created', 'queued', 'update_in_progress', 'live']);
    expect((await service.get(app.host)).body).toBe('one');
  });

  it('that never was live cannot be rolled back to', async () => {
    const app = await acme.app('never-live');
    const failed = await acme.reached(await acme.deploy(app, program('process.exit(1)')), 'update_failed');

    await expect(
      acme.organization.call(deploymentRollback, { deploymentId: failed.id }),
    ).rejects.toMatchObject({ code: 'deploy.deployment.not_restorable' });
  });

  it('ends with its app: the host answers 404 and the process is gone', async () => {
    const app = await acme.app('taken-down');
    const live = await acme.deployLive(app, answering('here'));
    const pid = Number((await service.get(app.host, '/pid')).body);

    const answer = await acme.organization.call(appDeactivate, { appId: app.id });

    expect(answer.liveDeploymentId).toBeNull();
    expect((await service.get(app.host)).status).toBe(404);
    expect((await acme.get(live)).state).toBe('deactivated');
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 15_000);
  });

  it.each([
    ['crashes at once', program('process.exit(7)'), 'exited_early', 'exited with code 7'],
    ['never listens', program('setInterval(() => {}, 1000)'), 'never_listened', 'PORT'],
    ['answers its health path with 500', answeringStatus(500), 'unhealthy', '500'],
    [
      'takes longer than the gate to answer',
      program(`require('node:http').createServer(() => {}).listen(process.env.PORT, '127.0.0.1');`),
      'unhealthy',
      'not answered in time',
    ],
    [
      'needs more memory than it may have',
      program(`const held = []; setInterval(() => held.push(Buffer.alloc(${16 * MEBIBYTE}, 1)), 20);`),
      'memory_exceeded',
      '64 MiB',
    ],
  ])('of an app that %s fails and says so, and leaves the old one in service', async (...given) => {
    const [what, files, reason, detail] = given;
    const app = await acme.app(
      what
        .replace(/[^a-z]+/g, '-')
        .slice(0, 30)
        .replace(/-$/, ''),
      {
        memoryLimitBytes: 64 * MEBIBYTE,
      },
    );
    const old = await acme.deployLive(app, answering('still here'));

    const failed = await acme.reached(await acme.deploy(app, files), 'update_failed');

    expect(failed.failure?.reason).toBe(reason);
    expect(failed.failure?.detail).toContain(detail);
    expect(failed.instance?.state).toBe('exited');
    expect((await acme.get(old)).state).toBe('live');
    expect((await service.get(app.host)).body).toBe('still here');
  });

  it('of a command that does not exist fails in its build or update with that reason', async () => {
    const app = await acme.app('no-command', { command: ['no-such-program'] });

    const { id } = await acme.deploy(app, answering('never'));

    const failed = await eventually(async () => {
      const seen = await acme.get({ id });
      expect(seen.failure?.reason).toBe('command_not_found');
      return seen;
    }, 15_000);
    expect(failed.state).toMatch(/_failed$/);
  });

  it('of an app that becomes healthy slowly goes live when it is', async () => {
    const app = await acme.app('slow-health');
    const deployment = await acme.deploy(app, answeringStatus(503, 2_000));

    await acme.reached(deployment, 'update_in_progress');
    const live = await acme.reached(deployment, 'live');

    expect(Date.parse(live.liveAt ?? '') - Date.parse(live.createdAt)).toBeGreaterThan(2_000);
  });

  it('whose build takes longer than it may fails, and nothing of the build is left', async () => {
    const deployment = await acme.deploy(
      await acme.app('endless-build'),
      slowlyBuilt(answering('x'), 60_000),
    );
    await eventually(async () => expect(await service.processesOf(deployment.id)).not.toHaveLength(0));

    const failed = await acme.reached(deployment, 'build_failed', 15_000);

    expect(failed.failure).toEqual({
      reason: 'build_timed_out',
      detail: 'The build took longer than 8 seconds.',
    });
    expect(await service.processesOf(deployment.id)).toEqual([]);
  });

  it('whose upload is not what it says fails in its build', async () => {
    const app = await acme.app('altered-upload');
    const source = await service.upload(acme.organization, app, answering('x'));
    const altered = { ...source, digest: 'f'.repeat(64) };

    const { id } = await acme.organization.call(deploymentCreate, { appId: app.id, source: altered });

    expect((await acme.reached({ id }, 'build_failed')).failure?.reason).toBe('source_invalid');
  });

  it("cannot name another organization's upload", async () => {
    const rival = await service.organization('rival');
    const theirs = await service.upload(
      rival,
      await new Deployer(service, rival).app('a'),
      answering('secret'),
    );
    const app = await acme.app('thief');

    await expect(
      acme.organization.call(deploymentCreate, { appId: app.id, source: theirs }),
    ).rejects.toMatchObject({ code: 'deploy.archive.not_found' });
  });

  it('of an app that crashes later is started again, tells so, and the host says 503 meanwhile', async () => {
    const app = await acme.app('crashing');
    const live = await acme.deployLive(app, answering('up'));
    const first = (await acme.get(live)).instance?.id;

    await service.get(app.host, '/crash').catch(() => undefined);

    await eventually(async () => expect((await service.get(app.host)).status).toBe(503), 5_000);
    await eventually(async () => expect((await service.get(app.host)).body).toBe('up'), 15_000);
    const again = await acme.get(live);
    expect(live.instance).toMatchObject({ restarts: 0, lastExit: null });
    expect(again).toMatchObject({
      state: 'live',
      instance: { state: 'healthy', restarts: 1, lastExit: { detail: 'exited with code 3' } },
    });
    expect(again.instance?.id).not.toBe(first);
  });

  it('that is superseded while it waits never builds; the newest one wins', async () => {
    const slow = await service.organization('one-slot', { maxConcurrentBuilds: 1 });
    const deployer = new Deployer(service, slow);
    const hurried = await deployer.app('hurried');
    const first = await deployer.deploy(hurried, slowlyBuilt(answering('1'), 1_500));
    await deployer.reached(first, 'build_in_progress');
    const second = await deployer.deploy(hurried, answering('2'));
    const third = await deployer.deploy(hurried, answering('3'));

    await deployer.reached(third, 'live', 30_000);

    expect(await deployer.history(second)).not.toContain('build_in_progress');
    expect((await deployer.get(second)).state).toBe('superseded');
    expect((await deployer.get(first)).state).toBe('superseded');
    expect((await service.get(hurried.host)).body).toBe('3');
  });

  it('has a log that is read on from an offset, and that ends', async () => {
    const app = await acme.app('logged');
    const live = await acme.deployLive(app, answering('x'));
    const call = (offset: number, waitMs = 0) =>
      acme.organization.call(deploymentLogRead, { deploymentId: live.id, offset, waitMs });

    const whole = await eventually(async () => {
      const chunk = await call(0);
      expect(chunk.text).toMatch(/listening[\s\S]*\[capsule\] live|\[capsule\] live[\s\S]*listening/);
      return chunk;
    });
    const waited = call(whole.nextOffset, 10_000);
    await acme.organization.call(appDeactivate, { appId: app.id });
    await waited;
    const rest = await eventually(async () => {
      const chunk = await call(whole.nextOffset);
      expect(chunk.ended || chunk.text !== '').toBe(true);
      return chunk;
    }, 15_000);

    expect(whole.ended).toBe(false);
    expect(rest.startOffset).toBeGreaterThanOrEqual(whole.nextOffset);
    await eventually(async () => expect((await call(rest.nextOffset)).ended).toBe(true), 15_000);
  });
});
