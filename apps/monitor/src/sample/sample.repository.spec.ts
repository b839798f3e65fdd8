import { randomUUID } from 'node:crypto';
import { createDataSource, Database } from '@capsule/database';
import { MigrationSession } from '@capsule/database/migrations';
import { createLogger } from '@capsule/telemetry';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { AppRepository } from '../app/app.repository.js';
import { OrganizationRepository } from '../organization/organization.repository.js';
import { SamplePartitions } from '../provisioning/sample-partitions.js';
import { SampleRepository } from './sample.repository.js';

const sampledAt = '2026-03-01T10:00:00.000Z';

describe('samples', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  const samples = new SampleRepository();
  const owner = { tenantId: randomUUID(), appId: randomUUID(), instanceId: randomUUID() };
  const stranger = { tenantId: randomUUID(), appId: randomUUID(), instanceId: randomUUID() };

  beforeAll(async () => {
    testDatabase = await createTestDatabase('monitor');
    const { settings } = testDatabase;
    database = new Database(await createDataSource(settings, settings.user, []).initialize());
    for (const { tenantId, appId } of [owner, stranger]) {
      const app = {
        id: appId,
        projectId: randomUUID(),
        name: 'web',
        host: appId,
        createdAt: new Date(sampledAt),
      };
      await database.withTenant(tenantId, (tx) => new AppRepository().insert(tx, app));
    }
    for (const each of [owner, stranger]) await record(each.tenantId, each, sampledAt);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.close();
  });

  function record(tenantId: string, of: typeof owner, time: string, cpuSecondsTotal = 1): Promise<void> {
    const { appId, instanceId } = of;
    const sample = { appId, instanceId, deploymentId: randomUUID(), cpuSecondsTotal, memoryBytes: 1_000 };
    return database.withTenant(tenantId, (tx) => samples.record(tx, time, [sample]));
  }

  /** As the provisioner does. */
  async function maintainPartitions(): Promise<void> {
    const logger = createLogger({ app: 'spec', level: 'error', format: 'json' });
    const session = await MigrationSession.open(testDatabase.owner);
    await new SamplePartitions(logger).maintain(session);
    await session.close();
  }

  async function stored(): Promise<number> {
    const { rows } = await testDatabase.asSuperuser((client) =>
      client.query<{ count: number }>('SELECT count(*)::integer AS count FROM samples'),
    );
    return rows[0]?.count ?? 0;
  }

  it('are stored once per instance and time', async () => {
    const before = await stored();
    await record(owner.tenantId, owner, sampledAt);
    expect(await stored()).toBe(before);
    await record(owner.tenantId, owner, '2026-03-01T10:00:10.000Z');
    expect(await stored()).toBe(before + 1);
  });

  it('of an app that is not known here are passed over', async () => {
    const before = await stored();
    await record(owner.tenantId, { ...owner, appId: randomUUID(), instanceId: randomUUID() }, sampledAt);
    expect(await stored()).toBe(before);
  });

  it('cannot be written to an instance of another organization', async () => {
    const before = await stored();
    await record(owner.tenantId, stranger, '2026-03-01T11:00:00.000Z', 99);
    expect(await stored()).toBe(before);
  });

  it('of another organization are not seen, and without an organization none are', async () => {
    const seen = (tenantId: string) =>
      database.withTenant(tenantId, (tx) =>
        tx.query<{ app_id: string }>('SELECT DISTINCT app_id FROM tenant_samples'),
      );
    expect(await seen(owner.tenantId)).toEqual([{ app_id: owner.appId }]);
    expect(await seen(stranger.tenantId)).toEqual([{ app_id: stranger.appId }]);
    expect(await database.withoutTenant((tx) => tx.query('SELECT FROM tenant_samples'))).toEqual([]);
  });

  it('cannot be read or written by the service past the view and the function', async () => {
    for (const statement of ['SELECT FROM samples', 'DELETE FROM samples', 'SELECT FROM samples_default']) {
      await expect(database.withTenant(owner.tenantId, (tx) => tx.query(statement))).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  it('are purged when they are older than the plan keeps, and those of other organizations stay', async () => {
    const organizations = new OrganizationRepository();
    await database.withTenant(owner.tenantId, (tx) => organizations.upsertPlan(tx, 'free', 3, 1));
    await database.withTenant(stranger.tenantId, (tx) => organizations.upsertPlan(tx, 'free', 36_500, 1));
    const recent = new Date(Date.now() - 86_400_000).toISOString();
    await record(owner.tenantId, owner, recent);
    await database.withTenant(owner.tenantId, (tx) => samples.purgeExpired(tx));
    const left = await database.withTenant(owner.tenantId, (tx) =>
      tx.query<{ at: Date }>('SELECT sampled_at AS at FROM tenant_samples'),
    );
    expect(left.map((row) => row.at.toISOString())).toEqual([recent]);
    const others = await database.withTenant(stranger.tenantId, (tx) =>
      tx.query('SELECT FROM tenant_samples'),
    );
    expect(others).toHaveLength(1);
  });

  it('find the partition of their day when upkeep has made it, and a default one when it has not', async () => {
    await maintainPartitions();
    const now = new Date().toISOString();
    await record(owner.tenantId, owner, now);
    await record(owner.tenantId, owner, '2031-01-01T00:00:00.000Z');
    const { rows } = await testDatabase.asSuperuser((client) =>
      client.query<{ partition: string }>(
        'SELECT tableoid::regclass::text AS partition FROM samples WHERE sampled_at = ANY ($1) ORDER BY sampled_at',
        [[now, '2031-01-01T00:00:00.000Z']],
      ),
    );
    const today = `samples_${now.slice(0, 10).replaceAll('-', '')}`;
    expect(rows.map((row) => row.partition)).toEqual([today, 'samples_default']);
  });

  it('have their partitions made once by several processes at the same time, and dropped when no plan keeps them', async () => {
    await Promise.all(Array.from({ length: 4 }, maintainPartitions));
    await testDatabase.asSuperuser((client) =>
      client.query(
        "CREATE TABLE samples_20200101 PARTITION OF samples FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')",
      ),
    );
    await testDatabase.asSuperuser((client) =>
      client.query('ALTER TABLE samples_20200101 OWNER TO monitor_owner'),
    );
    await maintainPartitions();
    const { rows } = await testDatabase.asSuperuser((client) =>
      client.query<{ name: string }>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'samples'::regclass ORDER BY 1",
      ),
    );
    const names = rows.map((row) => row.name);
    expect(names).not.toContain('samples_20200101');
    expect(names).toHaveLength(5);
  });
});
