import { Pagination, type Transaction } from '@capsule/database';
import { createTestDatabase, looked, md5Uuid, QueryPlans } from '@capsule/testing';
import { AppRepository } from './apps/app.repository.js';
import { DeploymentRepository } from './deployments/deployment.repository.js';
import { InstanceRepository } from './deployments/instances/instance.repository.js';
import { entities } from './entities.js';
import { QuotaRepository } from './organizations/quota.repository.js';
import { ProjectRepository } from './projects/project.repository.js';
import { WorkLeases } from './work/work-leases.js';

// 3,000 tenants; 300 of them with 30 projects, an app in each, two deployments of that and an instance of the second.
// What is due waits for a turn to build.
const ROWS = `
  SET session_replication_role = replica;
  INSERT INTO quotas (tenant_id, plan_code, version, max_projects, max_apps, max_concurrent_builds, max_instance_memory_bytes)
    SELECT md5('tenant' || t)::uuid, 'pro', 1, 9, 9, 9, 9 FROM generate_series(1, 3000) t;
  CREATE TEMP TABLE keys AS SELECT md5('tenant' || t)::uuid AS tenant_id, t || '-' || p AS n
    FROM generate_series(1, 300) t, generate_series(1, 30) p;
  INSERT INTO projects (id, tenant_id, name) SELECT md5('project' || n)::uuid, tenant_id, n FROM keys;
  INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, memory_limit_bytes)
    SELECT md5('app' || n)::uuid, tenant_id, md5('project' || n)::uuid, 'web', 'web-' || n, '/', 1 FROM keys;
  INSERT INTO deployments (id, tenant_id, project_id, app_id, number, state, source_type, git_url, live_at, ended_at)
    SELECT md5(state || n)::uuid, tenant_id, md5('project' || n)::uuid, md5('app' || n)::uuid, number, state, 'git', 'g',
           now(), CASE state WHEN 'superseded' THEN now() END
    FROM keys, (VALUES (1, 'superseded'), (2, 'live')) AS d (number, state);
  INSERT INTO instances (tenant_id, app_id, deployment_id, state, routed, address_host, address_port, memory_limit)
    SELECT tenant_id, md5('app' || n)::uuid, md5('live' || n)::uuid, 'healthy', true, 'h', 1, 'cgroup' FROM keys;
  INSERT INTO work_items (subject_id, tenant_id, kind, due_at, due_lane)
    SELECT md5('live' || n)::uuid, tenant_id, 'deployment', now() - interval '1 hour', 'build' FROM keys`;

describe('the hot queries of deploy, under policies', () => {
  const pagination = new Pagination('a key of enough characters');
  const projects = new ProjectRepository(pagination);
  const apps = new AppRepository(pagination);
  const deployments = new DeploymentRepository(pagination);
  const tenant = md5Uuid('tenant7');
  const [project, app, live] = [md5Uuid('project7-3'), md5Uuid('app7-3'), md5Uuid('live7-3')];
  const view = (row: { id: string }) => row.id;
  const firstPage = { limit: 20 };
  let plans: QueryPlans;
  beforeAll(async () => {
    const test = await createTestDatabase('deploy');
    await test.asSuperuser((client) => client.query(ROWS));
    plans = await QueryPlans.watch(test, entities);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));
  it('find a project by its id', async () => {
    expect(await scansOf((tx) => projects.findById(tx, project))).toEqual([
      looked('projects', 'pk_projects', /id = /),
    ]);
  });

  it('list projects in the order of their index, on the first page and on those after it', async () => {
    const ordered = (condition: RegExp) => [looked('projects', 'ix_projects__created', condition)];
    let cursor: string | null = null;
    expect(
      await scansOf(async (tx) => ({ nextCursor: cursor } = await projects.list(tx, firstPage, view))),
    ).toEqual(ordered(/tenant_id/));
    const secondPage = { limit: 5, cursor: cursor ?? '' };
    expect(await scansOf((tx) => projects.list(tx, secondPage, view))).toEqual(
      ordered(/tenant_id.*created_at/),
    );
  });

  it('find an app by its id, with what of it is live', async () => {
    expect(await scansOf((tx) => apps.findById(tx, app))).toEqual([
      looked('apps', 'pk_apps', /id = /),
      looked('deployments', 'uq_deployments__live', /app_id/),
    ]);
  });

  it('list the apps of a project by tenant and project', async () => {
    expect(await scansOf((tx) => apps.listByProject(tx, project, firstPage, view))).toEqual([
      looked('apps', 'ix_apps__project', /tenant_id.*project_id/),
      looked('deployments', 'uq_deployments__live', /app_id/),
    ]);
  });

  it('list the deployments of an app by tenant and app', async () => {
    const scans = await scansOf((tx) => deployments.listByApp(tx, app, firstPage, view));
    expect(scans).toContainEqual(looked('deployments', 'ix_deployments__app', /tenant_id.*app_id/));
    expect(scans.filter(({ index }) => index === null)).toEqual([]);
  });

  it('find a deployment with its app, its instance and the one that ended last', async () => {
    const scans = await scansOf((tx) => deployments.findView(tx, live));
    expect(scans.map(({ table }) => table).sort()).toEqual(['apps', 'deployments', 'instances', 'instances']);
    expect(scans.filter(({ index }) => index === null)).toEqual([]);
  });

  it('find the instance that runs by its deployment', async () => {
    expect(await scansOf((tx) => new InstanceRepository().findCurrent(tx, live))).toEqual([
      looked('instances', 'uq_instances__current', /deployment_id/),
    ]);
  });

  it('lock the quotas by the tenant', async () => {
    expect(await scansOf((tx) => new QuotaRepository().lock(tx))).toEqual([
      looked('quotas', 'uq_quotas__tenant_id', /tenant_id/),
    ]);
  });

  it('claim work of all tenants by its lane and by when it is due, and count what is held by that alone', async () => {
    const limits = { build: 1, deployment: 1, instance: 1 };
    const scans = await plans.scansOf((database) => new WorkLeases(database).claim(tenant, 30, limits));
    const expected = [
      looked('work_items', 'ix_work_items__held', /lane/),
      looked('work_items', 'ix_work_items__due_lane', /due_lane.*due_at/),
      looked('work_items', 'pk_work_items', /subject_id/),
    ];
    expect(scans).toEqual(expect.arrayContaining(expected));
    for (const scan of scans) expect(expected).toContainEqual(scan);
  });
});
