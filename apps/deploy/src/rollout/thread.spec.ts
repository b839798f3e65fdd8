import { appCreate, deploymentCreate, deploymentGet, deploymentLogRead, projectCreate } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../testing/deploy-service.fixture.js';

const hello = (text: string) => ({
  'package.json': JSON.stringify({ name: 'hello', version: '1.0.0', main: 'index.js' }),
  'index.js': `require('node:http').createServer((q, s) => s.end(${JSON.stringify(text)})).listen(process.env.PORT, '127.0.0.1');`,
});

describe('from an archive to an app that answers', () => {
  let service: DeployServiceFixture;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('goes live and answers on its own host name', async () => {
    const acme = await service.organization('acme');
    const project = await acme.call(projectCreate, { name: 'Shop' });
    const app = await acme.call(appCreate, { projectId: project.id, name: 'hello' });
    expect(app).toMatchObject({ host: 'hello-acme', url: `http://hello-acme.localhost:${service.caddy.port}` });

    const source = await service.upload(acme, hello('first'));
    const created = await acme.call(deploymentCreate, { appId: app.id, source });
    expect(created.state).toBe('created');
    const live = await eventually(async () => {
      const deployment = await acme.call(deploymentGet, { deploymentId: created.id });
      expect(deployment).toMatchObject({ state: 'live' });
      return deployment;
    }, 20_000);

    expect(live.instance?.state).toBe('healthy');
    expect(await service.get('hello-acme')).toEqual({ status: 200, body: 'first' });
    const log = await acme.call(deploymentLogRead, { deploymentId: created.id });
    expect(log.text).toContain('[capsule] live');
  });
});
