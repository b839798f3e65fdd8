import { join } from 'node:path';
import { deploymentCreate } from '@capsule/contracts';
import { freePort } from '@capsule/testing';
import { GitServer } from '../../source/git-server.fixture.js';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { Deployer } from '../../testing/deployer.fixture.js';
import { answering } from '../../testing/sample-apps.fixture.js';

describe('a deployment from git', () => {
  let service: DeployServiceFixture;
  let acme: Deployer;
  let server: GitServer;
  let commit: string;
  let url: string;

  beforeAll(async () => {
    service = await DeployServiceFixture.start({ DEPLOY_SERVICE_GIT_PRIVATE_HOSTS: 'allow' });
    acme = new Deployer(service, await service.organization('acme'));
    const port = await freePort();
    server = await GitServer.start(join(service.folder, 'repositories'), port);
    url = `http://127.0.0.1:${port}/app/.git`;
    commit = await server.commit('app', 'main', answering('from git'));
    await server.commit('app', 'next', answering('not asked for'));
  }, 60_000);

  afterAll(async () => {
    await server?.close();
    await service?.close();
  }, 60_000);

  const deploy = (appId: string, ref: string) =>
    acme.organization.call(deploymentCreate, { appId, source: { type: 'git', url, ref } });

  it('goes live as the branch it names, and tells the commit that it is of', async () => {
    const app = await acme.app('branch');

    const created = await deploy(app.id, 'main');
    expect(created.source).toMatchObject({ type: 'git', gitUrl: url, gitRef: 'main', gitCommit: null });
    const live = await acme.reached(created, 'live');

    expect(live.source).toMatchObject({ type: 'git', gitUrl: url, gitRef: 'main', gitCommit: commit });
    expect(await service.get(app.host)).toEqual({ status: 200, body: 'from git' });
  });

  it('of a ref that does not exist fails in its build and says so, and leaves the old one in service', async () => {
    const app = await acme.app('no-ref');
    await acme.reached(await deploy(app.id, 'main'), 'live');

    const failed = await acme.reached(await deploy(app.id, 'nothing'), 'build_failed');

    expect(failed.failure?.reason).toBe('source_unavailable');
    expect(failed.source.gitCommit).toBeNull();
    expect((await service.get(app.host)).body).toBe('from git');
  });
});
