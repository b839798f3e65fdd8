import { Pagination, type Transaction } from '@capsule/database';
import { createTestDatabase, md5Uuid, QueryPlans } from '@capsule/testing';
import { ActivityRepository } from './activity/activity.repository.js';
import { AppRepository } from './app/app.repository.js';
import { MetricRepository } from './metric/metric.repository.js';
import { SampleRepository } from './sample/sample.repository.js';
import { TenantRepository } from './tenant/tenant.repository.js';
import { UsageRepository } from './usage/usage.repository.js';

// 3,000 tenants; 300 of them with 10 apps, an instance of each and 50 activities; samples of a tenth of the instances.
const ROWS = `
  SET session_replication_role = replica;
  INSERT INTO tenants (id, name, domain, schema_name)
    SELECT md5('tenant' || t)::uuid, 't', 'domain-' || t, 'tenant_' || t FROM generate_series(1, 3000) t;
  INSERT INTO organizations (tenant_id, name) SELECT md5('tenant' || t)::uuid, 't' FROM generate_series(1, 3000) t;
  CREATE TEMP TABLE keys AS SELECT t, md5('tenant' || t)::uuid AS tenant_id, t || '-' || a AS n
    FROM generate_series(1, 300) t, generate_series(1, 10) a;
  INSERT INTO apps (id, tenant_id, project_id, name, host, usage_recorded_through, last_sample_at)
    SELECT md5('app' || n)::uuid, tenant_id, uuid_generate_v4(), 'web', n, now(), now() FROM keys;
  INSERT INTO series (tenant_id, app_id, deployment_id, instance_id)
    SELECT tenant_id, md5('app' || n)::uuid, uuid_generate_v4(), md5('instance' || n)::uuid FROM keys;
  INSERT INTO activities (tenant_id, event_id, type, app_id, summary, occurred_at)
    SELECT tenant_id, uuid_generate_v4(), 't', md5('app' || n)::uuid, 's', now() - a * interval '1 minute'
    FROM keys, generate_series(1, 5) a;
  INSERT INTO samples (series_id, sampled_at, cpu_seconds_total, memory_bytes)
    SELECT s.id, now() - n * interval '5 seconds', n, n FROM series s, generate_series(1, 60) n WHERE s.id % 10 = 0
      OR s.instance_id = md5('instance7-3')::uuid`;

describe('the hot queries of monitor, under policies', () => {
  const tenant = md5Uuid('tenant7');
  const appId = md5Uuid('app7-3');
  let plans: QueryPlans;
  beforeAll(async () => {
    const test = await createTestDatabase('monitor');
    await test.asSuperuser((client) => client.query(ROWS));
    plans = await QueryPlans.watch(test);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));
  const overAll = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withoutTenant(work));
  const looked = (table: string, index: string, condition: RegExp) => ({
    table,
    index,
    condition: expect.stringMatching(condition),
  });

  it('read a range of samples by the app and by series and time, through the view', async () => {
    const range = { appId, from: new Date(Date.now() - 60_000), to: new Date(), stepSeconds: 10 };
    expect(await scansOf((tx) => new MetricRepository().query(tx, range))).toEqual([
      looked('series', 'ix_series__tenant_id_app_id', /tenant_id.*app_id/),
      looked('samples_default', 'samples_default_pkey', /series_id.*sampled_at/),
    ]);
  });

  it('store samples by looking up each instance', async () => {
    const sample = {
      appId,
      deploymentId: appId,
      instanceId: md5Uuid('instance7-3'),
      cpuSecondsTotal: 9,
      memoryBytes: 9,
    };
    const scans = await scansOf((tx) =>
      new SampleRepository().record(tx, new Date().toISOString(), [sample]),
    );
    expect(scans).toContainEqual(
      looked('series', 'uq_series__tenant_id_instance_id', /tenant_id.*instance_id/),
    );
    expect(scans.filter(({ index }) => index === null)).toEqual([]);
  });

  it('list activities in the order of their index', async () => {
    const activities = new ActivityRepository(new Pagination('a key of enough characters'));
    expect(await scansOf((tx) => activities.list(tx, { limit: 20 }, (row) => row.id))).toEqual([
      looked('activities', 'ix_activities__tenant_id_occurred_at', /tenant_id/),
    ]);
  });

  it('find an app by its id', async () => {
    expect(await scansOf((tx) => new AppRepository().findName(tx, appId))).toEqual([
      looked('apps', 'pk_apps', /id = /),
    ]);
  });

  it('find apps of all tenants whose usage is due by when it was reported', async () => {
    const before = new Date(Date.now() - 60_000);
    expect(await overAll((tx) => new UsageRepository().findDue(tx, before, 10))).toEqual([
      looked('apps', 'ix_apps__usage_due', /usage_recorded_through/),
    ]);
  });

  it('find a tenant by its id and by its domain', async () => {
    expect(await scansOf((tx) => new TenantRepository().find(tx))).toEqual([
      looked('tenants', 'pk_tenants', /id = /),
    ]);
    expect(await overAll((tx) => new TenantRepository().findIdByDomain(tx, 'domain-7'))).toEqual([
      looked('tenants', 'uq_tenants__domain', /domain/),
    ]);
  });
});
