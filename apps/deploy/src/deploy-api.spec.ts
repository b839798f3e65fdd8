import { randomUUID } from 'node:crypto';
import {
  appCreate,
  appDeactivate,
  appGet,
  appList,
  ARCHIVE_WRITE_SECONDS_MAX,
  archiveBegin,
  deploymentCancel,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentLogRead,
  deploymentRollback,
  projectCreate,
  projectGet,
  projectList,
  type RequestInputOf,
  requests,
  type RpcContract,
} from '@capsule/contracts';
import { ADMITTED_GRACE_SECONDS } from '@capsule/security';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from './testing/deploy-service.fixture.js';
import { type App, Deployer, type Deployment } from './testing/deployer.fixture.js';
import type { Organization } from './testing/organization.fixture.js';
import { answering, program } from './testing/sample-apps.fixture.js';

const unknownArchive = {
  type: 'archive' as const,
  archiveId: randomUUID(),
  digest: 'a'.repeat(64),
  sizeBytes: 7,
};

describe('the requests of deploy', () => {
  let service: DeployServiceFixture;
  let acme: Organization;
  let deployer: Deployer;
  let app: App;
  let deployment: Deployment;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
    acme = await service.organization('acme');
    deployer = new Deployer(service, acme);
    app = await deployer.app('shop');
    deployment = await deployer.deployLive(app, answering('shop'));
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

  const refusal = (work: Promise<unknown>) =>
    work.then(
      (answer) => ({ answered: answer }),
      (error: { code: string; kind: string; detail?: string }) => ({
        code: error.code,
        kind: error.kind,
        detail: error.detail,
      }),
    );

  describe('across organizations', () => {
    /** Every request that names something, and how it names it. A new one has to be added here. */
    const probes = (ids: { projectId: string; appId: string; deploymentId: string }) =>
      [
        [projectGet, { projectId: ids.projectId }],
        [appCreate, { projectId: ids.projectId, name: 'intruder' }],
        [appList, { projectId: ids.projectId }],
        [appGet, { appId: ids.appId }],
        [appDeactivate, { appId: ids.appId }],
        [archiveBegin, { appId: ids.appId }],
        [deploymentCreate, { appId: ids.appId, source: { type: 'git', url: 'https://example.com/a' } }],
        [deploymentList, { appId: ids.appId }],
        [deploymentGet, { deploymentId: ids.deploymentId }],
        [deploymentCancel, { deploymentId: ids.deploymentId }],
        [deploymentRollback, { deploymentId: ids.deploymentId }],
        [deploymentLogRead, { deploymentId: ids.deploymentId }],
      ] as [RpcContract, RequestInputOf<RpcContract>][];

    it('are probed one by one: none is left out', () => {
      const probed = probes({ projectId: '', appId: '', deploymentId: '' }).map(
        ([contract]) => contract.subject,
      );
      const own = requests.filter(({ service: owner }) => owner === 'deploy').map(({ subject }) => subject);
      expect([...probed, projectCreate.subject, projectList.subject].sort()).toEqual(own.sort());
    });

    it("answer for another's thing exactly what they answer for one that does not exist", async () => {
      const rival = await service.organization('rival');
      const theirs = { projectId: app.projectId, appId: app.id, deploymentId: deployment.id };
      const none = { projectId: randomUUID(), appId: randomUUID(), deploymentId: randomUUID() };
      const missing = probes(none);
      for (const [index, [contract, request]] of probes(theirs).entries()) {
        const forTheirs = await refusal(rival.call(contract, request));
        const forNone = await refusal(rival.call(contract, missing[index]?.[1]));
        expect({ subject: contract.subject, ...forTheirs }).toMatchObject({ kind: 'not_found' });
        expect(forTheirs).toEqual(forNone);
      }
      expect((await rival.call(projectList, {})).items).toEqual([]);
      expect((await service.get(app.host)).body).toBe('shop');
    });
  });

  it.each([
    [projectCreate, 'viewer', { name: 'x' }],
    [appCreate, 'viewer', { projectId: randomUUID(), name: 'x' }],
    [appDeactivate, 'viewer', { appId: randomUUID() }],
    [archiveBegin, 'viewer', { appId: randomUUID() }],
    [deploymentCancel, 'viewer', { deploymentId: randomUUID() }],
    [deploymentRollback, 'viewer', { deploymentId: randomUUID() }],
  ] as const)('that change something are not for a viewer: %#', async (contract, role, request) => {
    await expect(acme.call(contract as RpcContract, request, { role })).rejects.toMatchObject({
      code: 'platform.permission.denied',
    });
  });

  it.each([
    ['a name with a slash', { name: 'a/b' }],
    ['a name with upper case', { name: 'Shop' }],
    ['a health path with a query', { name: 'ok', healthPath: '/?x=1' }],
    ['an empty command', { name: 'ok', command: [] }],
    ['too little memory', { name: 'ok', memoryLimitBytes: 1 }],
    ['an unknown field', { name: 'ok', color: 'red' }],
  ])('to create an app with %s are invalid', async (_, fields) => {
    const request = { projectId: app.projectId, ...fields } as RequestInputOf<typeof appCreate>;
    await expect(acme.call(appCreate, request)).rejects.toMatchObject({ code: 'platform.request.invalid' });
  });

  it('say which name is taken', async () => {
    await acme.call(projectCreate, { name: 'Taken' });
    await expect(acme.call(projectCreate, { name: 'TAKEN' })).rejects.toMatchObject({
      code: 'deploy.project.name_taken',
    });
    await expect(acme.call(appCreate, { projectId: app.projectId, name: 'shop' })).rejects.toMatchObject({
      code: 'deploy.app.name_taken',
    });
  });

  it.each([
    'file:///etc/passwd',
    'ext::sh -c id',
    '--upload-pack=id',
    'https://user:secret@example.com/a',
    'https://example.com/a;id',
  ])('refuse the git URL %p', async (url) => {
    await expect(
      acme.call(deploymentCreate, { appId: app.id, source: { type: 'git', url } }),
    ).rejects.toMatchObject({ code: 'deploy.source.git_url_refused' });
  });

  it('refuse an archive above the limit before anything is stored', async () => {
    const source = { ...unknownArchive, sizeBytes: 2 ** 40 };
    await expect(acme.call(deploymentCreate, { appId: app.id, source })).rejects.toMatchObject({
      code: 'deploy.archive.too_large',
    });
  });

  it('create a deployment for whose upload the token expired meanwhile, and none long after', async () => {
    const slow = await service.organization('slow');
    const member = new Deployer(service, slow);
    const { id: appId } = await member.app('shop');
    const source = await service.upload(slow, { id: appId }, answering('uploaded slowly'));
    const deploy = async (expiredSecondsAgo: number) => {
      const subject = { tenantId: slow.tenantId, userId: slow.userId, role: 'owner' } as const;
      const accessToken = await service.issuer.token(subject, { expiresInSeconds: -expiredSecondsAgo });
      return slow.call(deploymentCreate, { appId, source }, { accessToken });
    };
    await expect(deploy(ADMITTED_GRACE_SECONDS + 60)).rejects.toMatchObject({ code: 'auth.token.expired' });
    await member.reached(await deploy(ARCHIVE_WRITE_SECONDS_MAX), 'live');
  });

  it('refuse an archive that was never uploaded, or for another app, or is deployed already', async () => {
    const other = await deployer.app('other');
    const source = await service.upload(acme, other, program('process.exit(0)'));
    const refused = { code: 'deploy.archive.not_found' };
    for (const given of [unknownArchive, source]) {
      await expect(acme.call(deploymentCreate, { appId: app.id, source: given })).rejects.toMatchObject(
        refused,
      );
    }
    await acme.call(deploymentCreate, { appId: other.id, source });
    await expect(acme.call(deploymentCreate, { appId: other.id, source })).rejects.toMatchObject(refused);
  });

  describe('with an idempotency key', () => {
    it('have their effect once, also when twenty come at the same moment', async () => {
      const idempotencyKey = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => acme.call(projectCreate, { name: 'Once' }, { idempotencyKey })),
      );
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    });

    it('take a repeated upload of the same bytes for the same request', async () => {
      const idempotencyKey = randomUUID();
      const other = await deployer.app('repeated');
      const files = program('process.exit(0)');
      const first = await service.upload(acme, other, files);
      const second = await service.upload(acme, other, files);
      expect(first.archiveId).not.toBe(second.archiveId);

      const one = await acme.call(deploymentCreate, { appId: other.id, source: first }, { idempotencyKey });
      const two = await acme.call(deploymentCreate, { appId: other.id, source: second }, { idempotencyKey });

      expect(two.id).toBe(one.id);
      const left = await service.sql((db) =>
        db.query('SELECT id FROM archive_uploads WHERE app_id = $1 AND expires_at <= now()', [other.id]),
      );
      expect(left.rows).toEqual([{ id: second.archiveId }]);
    });

    it('refuse another request under the same key', async () => {
      const idempotencyKey = randomUUID();
      await acme.call(projectCreate, { name: 'Key one' }, { idempotencyKey });
      await expect(acme.call(projectCreate, { name: 'Key two' }, { idempotencyKey })).rejects.toMatchObject({
        code: 'platform.request.idempotency_key_reused',
      });
    });
  });

  describe('for a list', () => {
    let many: Organization;
    const made: string[] = [];
    beforeAll(async () => {
      many = await service.organization('many');
      for (let n = 0; n < 5; n += 1) made.push((await many.call(projectCreate, { name: `P${n}` })).id);
    });

    it('give pages that neither repeat nor leave out anything', async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await many.call(projectList, { limit: 2, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect(seen).toEqual(made);
    });

    it('give a page by its number, with the total', async () => {
      const { items, ...numbers } = await many.call(projectList, { page: 2, pageSize: 2 });
      expect(items.map(({ id }) => id)).toEqual(made.slice(2, 4));
      expect(numbers).toMatchObject({ page: 2, pageSize: 2, total: 5 });
      const apps = await acme.call(appList, { projectId: app.projectId, page: 1, pageSize: 1 });
      expect(apps).toMatchObject({
        items: [{ id: app.id }],
        page: 1,
        pageSize: 1,
        total: expect.any(Number),
      });
      const deployments = await acme.call(deploymentList, { appId: app.id, page: 1 });
      expect(deployments).toMatchObject({ items: [{ id: deployment.id }], pageSize: 50, total: 1 });
    });

    it('refuse the cursor of another organization, list or project', async () => {
      const [one, two] = made as [string, string];
      for (const name of ['one', 'two']) await many.call(appCreate, { projectId: one, name });
      const ofProjects = (await many.call(projectList, { limit: 2 })).nextCursor ?? '';
      const ofApps = (await many.call(appList, { projectId: one, limit: 1 })).nextCursor ?? '';
      const refused = { code: 'platform.cursor.invalid' };
      await expect(acme.call(projectList, { cursor: ofProjects })).rejects.toMatchObject(refused);
      await expect(many.call(projectList, { cursor: ofApps })).rejects.toMatchObject(refused);
      await expect(many.call(appList, { projectId: two, cursor: ofApps })).rejects.toMatchObject(refused);
      await expect(many.call(projectList, { cursor: 'abc' })).rejects.toMatchObject(refused);
      expect((await many.call(appList, { projectId: one, cursor: ofApps })).items).toHaveLength(1);
    });
  });

  it('and what happens to a deployment are told to the other services, each once', async () => {
    const { rows } = await service.sql((db) =>
      db.query<{ type: string }>(
        `SELECT type FROM outbox WHERE envelope #>> '{data,deploymentId}' = $1 OR envelope #>> '{data,appId}' = $2
         ORDER BY created_at`,
        [deployment.id, app.id],
      ),
    );
    expect(rows.map(({ type }) => type)).toEqual([
      'capsule.deploy.app.created.v1',
      'capsule.deploy.deployment.created.v1',
      'capsule.deploy.deployment.went-live.v1',
    ]);
    await eventually(async () => {
      const published = await service.sql((db) => db.query('SELECT FROM outbox WHERE published_at IS NULL'));
      expect(published.rowCount).toBe(0);
    });
  });
});
