import { randomUUID } from 'node:crypto';
import { metricQuery } from '@capsule/contracts';
import { createDataSource, Database } from '@capsule/database';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { AppRepository } from '../app/app.repository.js';
import { AppService } from '../app/app.service.js';
import { OrganizationRepository } from '../organization/organization.repository.js';
import { OrganizationService } from '../organization/organization.service.js';
import { SampleRepository } from '../sample/sample.repository.js';
import { MetricRepository } from './metric.repository.js';
import { MetricService } from './metric.service.js';

const MINUTE_MS = 60_000;

describe('the metrics of an app', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let metrics: MetricService;
  const tenantId = randomUUID();
  const appId = randomUUID();
  const from = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 10 * MINUTE_MS);
  const at = (seconds: number) => new Date(from.getTime() + seconds * 1000).toISOString();

  beforeAll(async () => {
    testDatabase = await createTestDatabase('monitor');
    const { settings } = testDatabase;
    database = new Database(await createDataSource(settings, settings.user, []).initialize());
    const organizations = new OrganizationService(database, new OrganizationRepository());
    metrics = new MetricService(
      database,
      new AppService(new AppRepository()),
      organizations,
      new MetricRepository(),
    );
    const app = { id: appId, projectId: randomUUID(), name: 'web', host: 'web', createdAt: from };
    await database.withTenant(tenantId, (tx) => new AppRepository().insert(tx, app));
    const [first, second] = [randomUUID(), randomUUID()];
    await sample(-10, first, 1, 100);
    await sample(0, first, 2, 200);
    await sample(10, first, 4, 400);
    await sample(30, first, 5, 300);
    await sample(30, second, 0.5, 50);
    await sample(40, second, 1.5, 150);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.close();
  });

  async function sample(seconds: number, instanceId: string, cpuSecondsTotal: number, memoryBytes: number) {
    const one = { appId, instanceId, deploymentId: randomUUID(), cpuSecondsTotal, memoryBytes };
    await database.withTenant(tenantId, (tx) => new SampleRepository().record(tx, at(seconds), [one]));
  }

  const query = (request: object, tenant = tenantId) =>
    runInContext({ requestId: 'spec', tenantId: tenant }, () =>
      metrics.query({ appId, from: at(0), to: at(60), stepSeconds: 30, ...request }),
    );

  it('are the growth of CPU and the memory of all its instances, step by step', async () => {
    expect((await query({})).points).toEqual([
      { at: at(0), cpuSeconds: 3, memoryBytesMean: 300, memoryBytesMax: 400 },
      { at: at(30), cpuSeconds: 2, memoryBytesMean: 400, memoryBytesMax: 450 },
    ]);
  });

  it('are not found for an unknown app and for one of another organization alike', async () => {
    const unknown = await query({ appId: randomUUID() }).catch((error: unknown) => error);
    const foreign = await query({}, randomUUID()).catch((error: unknown) => error);
    expect(unknown).toMatchObject({ code: 'monitor.app.not_found' });
    expect(foreign).toEqual(unknown);
  });

  it('are refused for a range that ends before it begins or has too many steps', async () => {
    await expect(query({ from: at(60), to: at(0) })).rejects.toMatchObject({ code: 'monitor.range.invalid' });
    await expect(query({ from: '2020-01-01T00:00:00.000Z' })).rejects.toMatchObject({
      code: 'monitor.range.invalid',
    });
  });

  it('can be asked for at the first and the last instant that a request may give', async () => {
    for (const to of ['1970-01-01T00:00:00.000Z', '2999-12-31T23:59:59.999Z']) {
      const request = metricQuery.request.parse({ appId, to });
      expect(
        metricQuery.response.safeParse(await query({ from: undefined, ...request })).error,
      ).toBeUndefined();
    }
    expect(metricQuery.request.safeParse({ appId, to: '0000-01-01T00:00:00Z' }).success).toBe(false);
  });

  it('older than the plan keeps are not shown, even before they are purged', async () => {
    const old = new Date(Date.now() - 20 * 86_400_000);
    const instanceId = randomUUID();
    const one = { appId, instanceId, deploymentId: randomUUID(), cpuSecondsTotal: 1, memoryBytes: 1 };
    await database.withTenant(tenantId, (tx) => new SampleRepository().record(tx, old.toISOString(), [one]));
    const request = {
      from: new Date(old.getTime() - 1_000).toISOString(),
      to: at(-600),
      stepSeconds: 86_400,
    };
    expect(await query(request)).toMatchObject({ retentionDays: 7, points: [] });
  });
});
