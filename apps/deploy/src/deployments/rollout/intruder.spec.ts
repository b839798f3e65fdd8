import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../../testing/deploy-service.fixture.js';
import { Deployer } from '../../testing/deployer.fixture.js';
import { type Attempt, type Deed, intruder } from '../../testing/intruder.fixture.js';
import { answering, program } from '../../testing/sample-apps.fixture.js';

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('an app that was deployed on a platform that runs as root', () => {
  let service: DeployServiceFixture;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  it("is refused what is the platform's and what is another organization's, where it really lies", async () => {
    const victim = new Deployer(service, await service.organization('victim'));
    const other = await victim.app('web');
    const { instance } = await victim.deployLive(other, answering('private'));
    const victimPid = (await service.get(other.host, '/pid')).body;
    const [storage, engine] = [join(service.folder, 'storage'), join(service.folder, 'engine')];
    const objects = readdirSync(join(storage, 'objects'), { recursive: true, withFileTypes: true })
      .filter((object) => object.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(objects).not.toEqual([]);
    const otherFolder = join(engine, 'instances', instance?.id ?? '');
    const closed: Deed[] = [
      ...[storage, join(storage, 'objects')].map((folder): Deed => ['list', folder]),
      ...objects.map((object): Deed => ['read', object]),
      ...['', 'instances', 'builds', 'fetches', 'sources', 'logs'].map((place): Deed => [
        'list',
        join(engine, place),
      ]),
      ['read', join(engine, 'machine.json')],
      ['write', join(engine, 'machine.json')],
      ['write', join(engine, 'instances/planted')],
      ...[otherFolder, join(otherFolder, 'files/app')].map((folder): Deed => ['list', folder]),
      ...['run.json', 'runner.json', 'instance.json', 'files/app/index.js'].map((file): Deed => [
        'read',
        join(otherFolder, file),
      ]),
      ['write', join(otherFolder, 'files/app/index.js')],
      ['read', `/proc/${victimPid}/environ`],
      ['connect', service.caddy.adminSocket],
      ['read', `/proc/${service.pid}/environ`],
      ['read', `/proc/${service.pid}/mem`],
      ['list', `/proc/${service.pid}/fd`],
    ];
    const signals: Deed[] = [
      ['kill', service.pid],
      ['kill', Number(victimPid)],
    ];

    const attacker = new Deployer(service, await service.organization('attacker'));
    const app = await attacker.app('intruder');
    await attacker.deployLive(app, program(intruder([...closed, ...signals])));

    const attempts = await eventually(
      async () => JSON.parse((await service.get(app.host)).body) as Attempt[],
    );
    const made = [...closed, ...signals].map((deed, at) => [...deed, attempts[at]]);
    expect(made).toEqual([
      ...closed.map((deed) => [...deed, { refused: 'EACCES' }]),
      ...signals.map((deed) => [...deed, { refused: 'EPERM' }]),
    ]);
    expect((await service.get(other.host)).body).toBe('private');
    expect(service.pid).not.toBeNull();
  }, 60_000);
});
