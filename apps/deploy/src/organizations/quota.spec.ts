import { projectCreate } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { DeployServiceFixture } from '../testing/deploy-service.fixture.js';
import { Deployer } from '../testing/deployer.fixture.js';
import { program } from '../testing/sample-apps.fixture.js';

const MEBIBYTE = 1024 * 1024;

describe('what an organization may have', () => {
  let service: DeployServiceFixture;

  beforeAll(async () => {
    service = await DeployServiceFixture.start();
  }, 60_000);

  afterAll(async () => {
    await service?.close();
  }, 60_000);

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
      const codes = new Set(refused.map(({ reason }) => (reason as { code: string }).code));
      for (const code of codes) {
        expect([
          'deploy.quota.exceeded',
          'platform.service.overloaded',
          'platform.upstream.timeout',
        ]).toContain(code);
      }
      // Under any load somebody is served: nobody waits for those who came later.
      expect(refused.length).toBeLessThan(1_000);
      // Whoever was turned away for the load alone may try again, as long as there is room.
      for (let n = 0; n < 7; n += 1) {
        await small.call(projectCreate, { name: `Again ${n}` }).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'deploy.quota.exceeded' });
        });
      }
      const { rows } = await service.sql((db) =>
        db.query('SELECT count(*)::integer AS made FROM projects WHERE tenant_id = $1', [small.tenantId]),
      );
      expect(rows).toEqual([{ made: 7 }]);
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
});
