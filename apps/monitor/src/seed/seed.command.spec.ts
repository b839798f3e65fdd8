import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { entitlementsChanged, type SeedPlan } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import { MonitorFixture } from '../monitor.fixture.js';
import { OrganizationService } from '../organization/organization.service.js';

const DAY_MS = 86_400_000;
const DAYS = 12;

describe("monitor's part of the seeds", () => {
  let monitor: MonitorFixture;
  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await monitor?.close();
  });

  it('is written when the plan is known, and reaches as far back as that keeps samples', async () => {
    const plan = planOfOneApp();
    const [organization] = plan.organizations as [SeedPlan['organizations'][number]];
    const tenantId = await monitor.tellOfOrganization(organization.id);
    await monitor.tellOfApp(tenantId, { appId: organization.projects[0]?.apps[0]?.id as string });
    await monitor.provision();

    const looks = jest.spyOn(OrganizationService.prototype, 'requirePlan');
    const seeding = monitor.seed(plan);
    await eventually(() => expect(looks.mock.calls.length).toBeGreaterThan(1));
    expect(await monitor.rows('SELECT FROM series WHERE tenant_id = $1', [tenantId])).toEqual([]);
    await monitor.tell(
      entitlementsChanged,
      {
        organizationId: tenantId,
        planCode: 'pro',
        version: 1,
        entitlements: {
          maxProjects: 1,
          maxApps: 1,
          maxConcurrentBuilds: 1,
          maxInstanceMemoryBytes: 1,
          metricsRetentionDays: 30,
        },
      },
      tenantId,
    );

    expect(await seeding).toBe(0);
    const [kept] = await monitor.rows<{ days: number }>(
      `SELECT count(DISTINCT date(sampled_at AT TIME ZONE 'UTC'))::integer AS days
       FROM samples JOIN series ON series.id = samples.series_id WHERE series.tenant_id = $1`,
      [tenantId],
    );
    expect(kept?.days).toBe(DAYS);
  });
});

/** In service from the first instant on, for longer than samples are kept without a plan. */
function planOfOneApp(): SeedPlan {
  const until = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const before = (days: number) => new Date(until.getTime() - days * DAY_MS).toISOString();
  const owner = { userId: randomUUID(), name: 'Ada', email: 'ada@example.com', role: 'owner' } as const;
  const app = {
    id: randomUUID(),
    name: 'web',
    memoryLimitBytes: 2 ** 28,
    peakCores: 1,
    deployments: [
      { id: randomUUID(), requestedAt: before(DAYS + 1), outcome: 'live', gitCommit: 'cafe' } as const,
    ],
  };
  return {
    until: until.toISOString(),
    days: DAYS,
    organizations: [
      {
        id: randomUUID(),
        name: 'Acme',
        planCode: 'pro',
        foundedAt: before(DAYS + 1),
        members: [owner],
        projects: [{ id: randomUUID(), name: 'Site', apps: [app] }],
      },
    ],
  };
}
