import { randomUUID } from 'node:crypto';
import {
  appCreate,
  appDeactivate,
  appGet,
  appList,
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
import { eventually } from '@capsule/testing';
import { DeployServiceFixture, type Organization } from './testing/deploy-service.fixture.js';
import { type App, Deployer, type Deployment } from './testing/deployer.fixture.js';
import { answering, program } from './testing/sample-apps.fixture.js';

const MEBIBYTE = 1024 * 1024;

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
    const source = {
      type: 'archive' as const,
      archiveId: randomUUID(),
      digest: 'a'.repeat(64),
      sizeBytes: 2 ** 40,
    };
    await expect(acme.call(deploymentCreate, { appId: app.id, source })).rejects.toMatchObject({
      code: 'deploy.archive.too_large',
    });
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
      const [first, second] = [await service.upload(acme, files), await service.upload(acme, files)];
      expect(first.archiveId).not.toBe(second.archiveId);

      const one = await acme.call(deploymentCreate, { appId: other.id, source: first }, { idempotencyKey });
      const two = await acme.call(deploymentCreate, { appId: other.id, source: second }, { idempotencyKey });

      expect(two.id).toBe(one.id);
    });

    it('refuse another request under the same key', async () => {
      const idempotencyKey = randomUUID();
      await acme.call(projectCreate, { name: 'Key one' }, { idempotencyKey });
      await expect(acme.call(projectCreate, { name: 'Key two' }, { idempotencyKey })).rejects.toMatchObject({
        code: 'platform.request.idempotency_key_reused',
      });
    });
  });

  describe('hosts', () => {
    it('are unique over organizations: the later one gets another end', async () => {
      const [left, right] = [await service.organization('b-c'), await service.organization('c')];
      const [one, two] = await Promise.all([
        new Deployer(service, left).app('a'),
        new Deployer(service, right).app('a-b'),
      ]);
      const hosts = [one.host, two.host].sort();
      expect(hosts[0]).toBe('a-b-c');
      expect(hosts[1]).toMatch(/^a-b-c-[a-z0-9]{5}$/);
    });
  });

  describe('quotas', () => {
    it('hold under 1,000 simultaneous requests', async () => {
      const small = await service.organization('small', { maxProjects: 7 });
      const answers = await Promise.allSettled(
        Array.from({ length: 1_000 }, (_, n) => small.call(projectCreate, { name: `P ${n}` })),
      );
      const refused = answers.filter((answer) => answer.status === 'rejected');
      const { rows } = await service.sql((db) =>
        db.query('SELECT count(*)::integer AS made FROM projects WHERE tenant_id = $1', [small.tenantId]),
      );
      expect(rows).toEqual([{ made: 7 }]);
      // Whoever was turned away for the load alone made nothing, and may try again.
      const codes = new Set(refused.map(({ reason }) => (reason as { code: string }).code));
      expect([...codes].sort()).toEqual(expect.arrayContaining(['deploy.quota.exceeded']));
      for (const code of codes) {
        expect([
          'deploy.quota.exceeded',
          'platform.service.overloaded',
          'platform.upstream.timeout',
        ]).toContain(code);
      }
      const counts = refused.reduce<Record<string, number>>((sum, { reason }) => {
        const { code } = reason as { code: string };
        return { ...sum, [code]: (sum[code] ?? 0) + 1 };
      }, {});
      console.log('1,000 simultaneous:', { made: answers.length - refused.length, ...counts });
    }, 60_000);

    it('hold for apps and for memory', async () => {
      const tiny = new Deployer(
        service,
        await service.organization('tiny', { maxApps: 1, maxInstanceMemoryBytes: 128 * MEBIBYTE }),
      );
      await expect(tiny.app('large', { memoryLimitBytes: 129 * MEBIBYTE })).rejects.toMatchObject({
        code: 'deploy.quota.exceeded',
      });
      await tiny.app('one', { memoryLimitBytes: 128 * MEBIBYTE });
      await expect(tiny.app('two', { memoryLimitBytes: 128 * MEBIBYTE })).rejects.toMatchObject({
        code: 'deploy.quota.exceeded',
      });
    });

    it('hold for builds: never more at once than the plan allows, and all get their turn', async () => {
      const two = new Deployer(service, await service.organization('two-slots', { maxConcurrentBuilds: 2 }));
      const begun = await Promise.all(
        Array.from({ length: 6 }, async (_, n) =>
          two.deploy(await two.app(`app-${n}`), program('process.exit(0)')),
        ),
      );
      for (const each of begun) {
        await eventually(async () => expect((await two.get(each)).state).toMatch(/_failed$/), 20_000);
      }
      const { rows } = await service.sql((db) =>
        db.query<{ most: number }>(
          `SELECT max(at_once)::integer AS most FROM (
             SELECT sum(CASE to_state WHEN 'build_in_progress' THEN 1 ELSE -1 END)
               OVER (ORDER BY t.created_at, t.id) AS at_once
             FROM deployment_transitions t
             WHERE tenant_id = $1 AND (to_state = 'build_in_progress' OR from_state = 'build_in_progress')
           ) AS running`,
          [two.organization.tenantId],
        ),
      );
      expect(rows[0]?.most).toBeLessThanOrEqual(2);
      expect(rows[0]?.most).toBeGreaterThan(0);
    }, 60_000);

    it('come with the newest version, however late an older one arrives', async () => {
      const late = await service.organization('late', { maxProjects: 1 });
      await service.entitle(late, 3, { maxProjects: 3 });
      const limit = () =>
        service.sql(async (db) => {
          const { rows } = await db.query(
            'SELECT max_projects, version::integer FROM quotas WHERE tenant_id = $1',
            [late.tenantId],
          );
          return rows[0] as unknown;
        });
      await eventually(async () => expect(await limit()).toEqual({ max_projects: 3, version: 3 }));
      await service.entitle(late, 2, { maxProjects: 2 });
      await service.entitle(late, 4, { maxProjects: 4 });
      await eventually(async () => expect(await limit()).toEqual({ max_projects: 4, version: 4 }));
    });
  });

  describe('right after a sign-up', () => {
    it('wait for the organization and its quotas', async () => {
      const fresh = service.unknownOrganization('fresh');
      const waiting = fresh.call(projectCreate, { name: 'First' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      // In the wrong order, too.
      await service.entitle(fresh, 1, {});
      await service.signUp(fresh);
      expect((await waiting).name).toBe('First');
    });

    it('say when to come back if that takes too long', async () => {
      const nobody = service.unknownOrganization('nobody');
      await expect(nobody.call(projectCreate, { name: 'First' })).rejects.toMatchObject({
        code: 'deploy.organization.not_ready',
        retryAfterSeconds: 2,
      });
    });
  });

  it('list by pages that neither repeat nor leave out anything', async () => {
    const many = await service.organization('many');
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await many.call(projectCreate, { name: `P${n}` })).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await many.call(projectList, { limit: 2, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(made);
    await expect(many.call(projectList, { cursor: 'abc' })).rejects.toMatchObject({
      code: 'platform.cursor.invalid',
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
