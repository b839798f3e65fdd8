import { randomUUID } from 'node:crypto';
import { entitlementsChanged, organizationCreated } from '@capsule/contracts';
import { MonitorFixture } from '../monitor.fixture.js';
import { DEFAULT_RETENTION_DAYS } from './organization.repository.js';

describe('what monitor knows of an organization', () => {
  let monitor: MonitorFixture;
  let tenantId: string;

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  beforeEach(() => {
    tenantId = randomUUID();
  });
  afterAll(() => monitor?.close());

  const founded = () =>
    monitor.tell(
      organizationCreated,
      {
        organizationId: tenantId,
        name: 'Acme',
        slug: `acme-${tenantId}`,
        ownerUserId: randomUUID(),
        ownerEmail: 'ada@example.com',
        createdAt: '2026-01-01T10:00:00.000Z',
      },
      tenantId,
    );

  const entitled = (version: number, metricsRetentionDays: number) =>
    monitor.tell(
      entitlementsChanged,
      {
        organizationId: tenantId,
        planCode: `plan-${version}`,
        version,
        entitlements: {
          maxProjects: 1,
          maxApps: 1,
          maxConcurrentBuilds: 1,
          maxInstanceMemoryBytes: 1,
          metricsRetentionDays,
        },
      },
      tenantId,
    );

  const known = () =>
    monitor.rows(
      `SELECT o.name, o.metrics_retention_days AS days, o.entitlements_version AS version, t.plan AS "tenantPlan"
       FROM organizations o LEFT JOIN tenants t ON t.id = o.tenant_id WHERE o.tenant_id = $1`,
      [tenantId],
    );

  it.each([
    ['its founding first', [() => founded(), () => entitled(1, 30)]],
    ['its entitlements first', [() => entitled(1, 30), () => founded()]],
  ])('is the same when it hears of %s', async (_, events) => {
    for (const event of events) await event();
    expect(await known()).toEqual([{ name: 'Acme', days: 30, version: 1, tenantPlan: 'plan-1' }]);
  });

  it('is of the newest entitlements, also when older ones arrive later', async () => {
    await founded();
    await entitled(2, 30);
    await entitled(1, 90);
    expect(await known()).toMatchObject([{ days: 30, version: 2, tenantPlan: 'plan-2' }]);
    await entitled(3, 14);
    expect(await known()).toMatchObject([{ days: 14, version: 3, tenantPlan: 'plan-3' }]);
  });

  it('reaches the metrics of its apps, and of nobody else', async () => {
    const appId = await monitor.tellOfApp(tenantId);
    const rival = randomUUID();
    const theirs = await monitor.tellOfApp(rival);
    expect((await monitor.metrics(tenantId, appId)).retentionDays).toBe(DEFAULT_RETENTION_DAYS);

    await entitled(1, 30);

    expect((await monitor.metrics(tenantId, appId)).retentionDays).toBe(30);
    expect((await monitor.metrics(rival, theirs)).retentionDays).toBe(DEFAULT_RETENTION_DAYS);
  });
});
