import { randomUUID } from 'node:crypto';
import {
  appCreate,
  appDeactivate,
  deploymentCancel,
  deploymentCreate,
  deploymentRollback,
  endpoints,
  honoursIdempotencyKey,
  projectCreate,
  type RpcContract,
} from '@capsule/contracts';
import { DeployServiceFixture } from './testing/deploy-service.fixture.js';
import { Deployer } from './testing/deployer.fixture.js';
import { answering, slowlyBuilt } from './testing/sample-apps.fixture.js';

describe('a request of deploy that is repeated under its key', () => {
  let service: DeployServiceFixture;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
  }, 60_000);
  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it('is answered as before, and another under the same key is refused, of every kind that takes one', async () => {
    const acme = await service.organization('acme');
    const deployer = new Deployer(service, acme);
    const app = await deployer.app('shop');
    const live = await deployer.deployLive(app, answering('shop'));
    const building = await deployer.deploy(app, slowlyBuilt(answering('never'), 60_000));
    const source = await service.upload(acme, app, slowlyBuilt(answering('never either'), 60_000));
    const { projectId } = app;
    const elsewhere = randomUUID();
    const kinds: [RpcContract, object, object][] = [
      [projectCreate, { name: 'Once' }, { name: 'Another' }],
      [appCreate, { projectId, name: 'once' }, { projectId, name: 'another' }],
      [deploymentCreate, { appId: app.id, source }, { appId: elsewhere, source }],
      [deploymentCancel, { deploymentId: building.id }, { deploymentId: elsewhere }],
      [deploymentRollback, { deploymentId: live.id }, { deploymentId: elsewhere }],
      [appDeactivate, { appId: app.id }, { appId: elsewhere }],
    ];
    const taking = endpoints.filter(honoursIdempotencyKey).map(({ rpc }) => rpc);
    expect(kinds.map(([{ subject }]) => subject).sort()).toEqual(
      taking.flatMap(({ service: owner, subject }) => (owner === 'deploy' ? subject : [])).sort(),
    );

    for (const [contract, request, another] of kinds) {
      const key = { idempotencyKey: randomUUID() };
      const first = await acme.call(contract, request, key);
      expect(await acme.call(contract, request, key)).toEqual(first);
      await expect(acme.call(contract, another, key)).rejects.toMatchObject({
        code: 'platform.request.idempotency_key_reused',
      });
    }
  }, 60_000);
});
