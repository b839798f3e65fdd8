import { Pagination, type Transaction } from '@capsule/database';
import { createTestDatabase, looked, makeTenantSchema, md5Uuid, QueryPlans } from '@capsule/testing';
import { ActivityRepository } from './activity/activity.repository.js';
import { AppRepository } from './app/app.repository.js';
import { DashboardRepository } from './dashboard/dashboard.repository.js';
import { MetricRepository } from './metric/metric.repository.js';
import { SampleRepository } from './sample/sample.repository.js';
import { type OwnTables, ownTablesOf } from './tenant/own-tables.js';
import { TenantRepository } from './tenant/tenant.repository.js';
import { ToolMetricRepository } from './tool-metric/tool-metric.repository.js';
import { UsageRepository } from './usage/usage.repository.js';
import { WorkSessionRepository } from './work-session/work-session.repository.js';

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

// Of one tenant in its schema: 20 users with 1,000 sessions each, ten of them with 2,000 uses of 20 tools, and 20,000
// dashboards. The planner takes a policy for passing one row in 200, so a table of few pages is rather read as a whole.
const OWN_ROWS = ({ metricsSessions, toolMetrics, dashboardConfigs }: OwnTables) => `
  SET session_replication_role = replica;
  INSERT INTO ${metricsSessions} (id, user_id, client, started_at)
    SELECT md5('session' || n)::uuid, md5('user' || n % 20)::uuid, 'cli', now() - n * interval '1 minute'
    FROM generate_series(1, 20000) n;
  INSERT INTO ${toolMetrics} (session_id, tool, duration_ms, succeeded, used_at)
    SELECT md5('session' || n % 10)::uuid, 'tool-' || n / 10 % 20, n, true, now() - n * interval '1 second'
    FROM generate_series(1, 20000) n;
  INSERT INTO ${dashboardConfigs} (id, name, widgets, created_at)
    SELECT md5('dashboard' || n)::uuid, 'Dashboard ' || n, '[]', now() - n * interval '1 minute'
    FROM generate_series(1, 20000) n`;

describe('the hot queries of monitor, under policies', () => {
  const tenant = md5Uuid('tenant7');
  const appId = md5Uuid('app7-3');
  const pagination = new Pagination('a key of enough characters');
  let plans: QueryPlans;
  let tables: OwnTables;
  beforeAll(async () => {
    const test = await createTestDatabase('monitor');
    await test.asSuperuser((client) => client.query(ROWS));
    tables = ownTablesOf(await makeTenantSchema(test, tenant));
    await test.asSuperuser((client) => client.query(OWN_ROWS(tables)));
    plans = await QueryPlans.watch(test);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));
  const overAll = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withoutTenant(work));
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
    const activities = new ActivityRepository(pagination);
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

  describe("in the tenant's own tables", () => {
    const sessions = new WorkSessionRepository(pagination);
    const metrics = new ToolMetricRepository(pagination);
    const dashboards = new DashboardRepository(pagination);
    const userId = md5Uuid('user7');
    const sessionId = md5Uuid('session7');
    const dashboardId = md5Uuid('dashboard7');
    const nothing = () => null;

    type Page = { limit: number; cursor?: string };
    type List = (tx: Transaction, page: Page) => Promise<{ nextCursor: string | null }>;

    it.each<[string, List, string, string, RegExp, RegExp]>([
      [
        'work sessions',
        (tx, page) => sessions.list(tx, tables, page, nothing),
        'metrics_sessions',
        'ix_metrics_sessions__started_at',
        /^$/,
        /started_at, id/,
      ],
      [
        'work sessions of a user',
        (tx, page) => sessions.list(tx, tables, { ...page, userId }, nothing),
        'metrics_sessions',
        'ix_metrics_sessions__user_id',
        /user_id =/,
        /user_id =.*started_at, id/,
      ],
      [
        'uses of tools',
        (tx, page) => metrics.list(tx, tables, page, nothing),
        'tool_metrics',
        'ix_tool_metrics__used_at',
        /^$/,
        /used_at, id/,
      ],
      [
        'uses of tools in a work session',
        (tx, page) => metrics.list(tx, tables, { ...page, workSessionId: sessionId }, nothing),
        'tool_metrics',
        'ix_tool_metrics__session_id',
        /session_id =/,
        /session_id =.*used_at, id/,
      ],
      [
        'uses of one tool',
        (tx, page) => metrics.list(tx, tables, { ...page, tool: 'tool-7' }, nothing),
        'tool_metrics',
        'ix_tool_metrics__tool',
        /tool =/,
        /tool =.*used_at, id/,
      ],
      [
        'dashboards',
        (tx, page) => dashboards.list(tx, tables, page, nothing),
        'dashboard_configs',
        'ix_dashboard_configs__created_at',
        /^$/,
        /created_at, id/,
      ],
    ])(
      'list %s in the order of an index, on the first page and on the next',
      async (_, list, table, index, first, next) => {
        let cursor: string | null = null;
        expect(await scansOf(async (tx) => ({ nextCursor: cursor } = await list(tx, { limit: 20 })))).toEqual(
          [looked(table, index, first)],
        );
        expect(await scansOf((tx) => list(tx, { limit: 20, cursor: cursor ?? '' }))).toEqual([
          looked(table, index, next),
        ]);
      },
    );

    it.each<[string, (tx: Transaction) => Promise<unknown>, string, string]>([
      [
        'find a work session',
        (tx) => sessions.findOfUser(tx, tables, sessionId, userId),
        'metrics_sessions',
        'pk_metrics_sessions',
      ],
      [
        'end a work session',
        (tx) => sessions.end(tx, tables, sessionId, userId, new Date()),
        'metrics_sessions',
        'pk_metrics_sessions',
      ],
      [
        'find the work session of a use of a tool',
        (tx) =>
          metrics.insert(tx, tables, {
            workSessionId: sessionId,
            tool: 'tool-7',
            durationMs: 1,
            succeeded: true,
            usedAt: new Date(),
          }),
        'metrics_sessions',
        'pk_metrics_sessions',
      ],
      [
        'find a dashboard',
        (tx) => dashboards.findById(tx, tables, dashboardId),
        'dashboard_configs',
        'pk_dashboard_configs',
      ],
      [
        'change a dashboard',
        (tx) => dashboards.update(tx, tables, dashboardId, { name: 'Changed' }),
        'dashboard_configs',
        'pk_dashboard_configs',
      ],
      [
        'delete a dashboard',
        (tx) => dashboards.delete(tx, tables, dashboardId),
        'dashboard_configs',
        'pk_dashboard_configs',
      ],
    ])('%s by its id', async (_, work, table, index) => {
      expect(await scansOf(work)).toEqual([looked(table, index, /id = /)]);
    });
  });
});
