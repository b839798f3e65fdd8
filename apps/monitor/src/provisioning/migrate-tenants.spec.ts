import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MigrationSession } from '@capsule/database/migrations';
import { eventually } from '@capsule/testing';
import { eachMigrator } from './each-migrator.js';
import { migrateTenants } from './migrate-tenants.js';
import { ProgressBar } from './progress-bar.js';
import { TENANT_MIGRATIONS } from './tenant-migrations.js';
import { TenantSchemaMaker } from './tenant-schema-maker.js';
import { tenantTable } from './tenant-table.js';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

const PARALLEL = 2;

describe('the migration of all tenants', () => {
  let tenants: TenantsFixture;
  let folder: string;
  let ids: string[];

  beforeEach(async () => {
    [tenants, folder] = await Promise.all([
      TenantsFixture.create(),
      mkdtemp(join(tmpdir(), 'capsule-tenant-migrations-')),
    ]);
    await cp(TENANT_MIGRATIONS, folder, { recursive: true });
    ids = await Promise.all(Array.from({ length: 4 }, () => tenants.register()));
    await migrate();
    await writeFile(join(folder, 'V1.1.0__Notes.sql'), 'CREATE TABLE notes (id uuid);');
  });
  afterEach(async () => {
    await tenants?.close();
    await rm(folder, { recursive: true });
  });

  const migrate = () => migrateTenants(tenants.test.owner, PARALLEL, folder);
  const versions = () =>
    tenants.rows<{ version: string; count: number }>(
      'SELECT schema_version AS version, count(*)::integer AS count FROM tenants GROUP BY 1 ORDER BY 1',
    );

  it('finishes those that were not finished, and gives each what is new, once', async () => {
    expect(await tenants.states()).toEqual({ active: 4 });
    expect(await migrate()).toEqual({ tenants: 4, migrated: 4, failed: [] });
    expect(await versions()).toEqual([{ version: '1.1.0', count: 4 }]);
    expect(await migrate()).toEqual({ tenants: 4, migrated: 0, failed: [] });
  });

  it('goes on after a tenant that fails, tells which and why, and finishes it when it is run again', async () => {
    const [broken = ''] = ids;
    await tenants.rows(`CREATE TABLE ${schemaOf(broken)}.notes ()`);
    const { migrated, failed } = await migrate();
    expect(migrated).toBe(3);
    expect(failed).toEqual([
      { tenantId: broken, reason: expect.stringMatching(/^V1\.1\.0__Notes\.sql failed: .*already exists/) },
    ]);
    // It is served as before.
    expect(await tenants.row(broken)).toMatchObject({
      state: 'active',
      schema_version: '1.0.0',
      failure: failed[0]?.reason,
      failed_attempts: 1,
    });

    await tenants.rows(`DROP TABLE ${schemaOf(broken)}.notes`);
    expect(await migrate()).toEqual({ tenants: 4, migrated: 1, failed: [] });
    expect(await tenants.row(broken)).toMatchObject({ schema_version: '1.1.0', failure: null });
  });

  it('goes on after a tenant whose session ends, with another session, and keeps why it failed', async () => {
    const [first = ''] = ids.toSorted();
    await writeFile(
      join(folder, 'V1.1.0__Notes.sql'),
      `SELECT pg_terminate_backend(pg_backend_pid()) WHERE '\${tenantId}' = '${first}'`,
    );
    expect(await migrateTenants(tenants.test.owner, 1, folder)).toEqual({
      tenants: 4,
      migrated: 3,
      failed: [
        { tenantId: first, reason: expect.stringMatching(/^V1\.1\.0__Notes\.sql failed: .*terminat/) },
      ],
    });
    const [{ isPutOff } = {}] = await tenants.rows<{ isPutOff: boolean }>(
      'SELECT next_attempt_at > updated_at AS "isPutOff" FROM tenants WHERE id = $1',
      [first],
    );
    expect(isPutOff).toBe(true);
    expect(await tenants.row(first)).toMatchObject({
      state: 'active',
      schema_version: '1.0.0',
      failure: expect.stringContaining('terminat'),
      failed_attempts: 1,
    });
  });

  it('keeps no failure of a session that was lost beside a tenant that another has finished meanwhile', async () => {
    const lost = new Error('Connection terminated unexpectedly');
    const [finished, unfinished] = [(await tenants.make()).id, await tenants.register()];
    const session = await MigrationSession.open(tenants.test.owner);
    const maker = new TenantSchemaMaker(session);
    expect(await maker.fail(finished, lost)).toEqual({ kind: 'unchanged' });
    expect(await maker.fail(unfinished, lost)).toMatchObject({ kind: 'failed', reason: lost.message });
    await session.close();
    expect(await tenants.row(finished)).toMatchObject({ state: 'active', failure: null, failed_attempts: 0 });
    expect(await tenants.row(unfinished)).toMatchObject({ state: 'failed', failure: lost.message });
  });

  it('takes as many sessions as it is told, all of them at once', async () => {
    await tenants.rows('CREATE TABLE sessions (pid integer); GRANT INSERT ON sessions TO monitor_owner');
    await writeFile(
      join(folder, 'V1.1.0__Notes.sql'),
      `SELECT pg_advisory_xact_lock_shared(42); INSERT INTO public.sessions VALUES (pg_backend_pid());`,
    );
    const blocker = await tenants.test.connectAsSuperuser();
    try {
      await blocker.query('SELECT pg_advisory_lock(42)');
      const migration = migrate();
      await eventually(async () =>
        expect(
          await tenants.rows(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted",
          ),
        ).toHaveLength(PARALLEL),
      );
      await blocker.query('SELECT pg_advisory_unlock(42)');
      expect(await migration).toMatchObject({ migrated: 4 });
    } finally {
      await blocker.end();
    }
    expect(await tenants.rows('SELECT DISTINCT pid FROM sessions')).toHaveLength(PARALLEL);
  });

  it('run twice at once, applies each migration once', async () => {
    const results = await Promise.all([migrate(), migrate()]);
    expect(results.map(({ failed }) => failed)).toEqual([[], []]);
    expect(results.reduce((sum, { migrated }) => sum + migrated, 0)).toBe(4);
    for (const id of ids) {
      expect(await tenants.rows(`SELECT FROM ${schemaOf(id)}.flyway_schema_history`)).toHaveLength(2);
    }
  });

  it('refuses a repeatable file, of whose changes finished tenants would never hear', async () => {
    await writeFile(join(folder, 'R__Views.sql'), 'SELECT 1;');
    await expect(migrate()).rejects.toThrow("R__Views.sql can't be a migration of tenants");
    expect(await versions()).toEqual([{ version: '1.0.0', count: 4 }]);
  });

  it('is told of tenant by tenant, with what is not applied', async () => {
    await tenants.rows(`ALTER SCHEMA ${schemaOf(ids[0] ?? '')} RENAME TO gone`);
    const infos = await eachMigrator(tenants.test.owner, PARALLEL, TENANT_MIGRATIONS, (each) => each.info());
    expect(infos.map(({ tenant }) => tenant.id)).toEqual(ids.toSorted());
    const table = tenantTable(infos).split('\n').slice(1);
    for (const [index, id] of ids.entries()) {
      const line = table.find((each) => each.startsWith(id));
      expect(line?.split(/ +/)).toEqual([id, schemaOf(id), 'active', '1.0.0', index === 0 ? '1' : '0', '0']);
    }
  });
});

it('progress is one line that is written over, with the failures when there are some', () => {
  const written: string[] = [];
  const bar = new ProgressBar(2, (text) => written.push(text));
  bar.advance(0);
  bar.advance(1);
  bar.end();
  expect(written).toEqual([
    `\r[${'#'.repeat(20)}${' '.repeat(20)}] 1/2`,
    `\r[${'#'.repeat(40)}] 2/2, 1 failed`,
    '\n',
  ]);
});
