import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { findTenancyFaults } from './tenancy-faults.js';

const ENABLED = 'ALTER TABLE tasks ENABLE ROW LEVEL SECURITY';
const FORCED = 'ALTER TABLE tasks FORCE ROW LEVEL SECURITY';
const CONTEXT = "NULLIF(current_setting('app.tenant_id', true), '')::uuid";
const POLICY = `CREATE POLICY tenant ON tasks USING (tenant_id = ${CONTEXT}) WITH CHECK (tenant_id = ${CONTEXT})`;
const TABLE = `CREATE TABLE tasks (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, project_id uuid,
  CONSTRAINT fk_tasks__project FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id))`;
const acme = '0195e0c4-0000-7000-8000-00000000000a';
const globex = '0195e0c4-0000-7000-8000-00000000000b';

describe('the rules of tenancy', () => {
  let test: TestDatabase;
  let superuser: pg.Client;
  beforeAll(async () => {
    test = await createTestDatabase('deploy');
    superuser = await test.connectAsSuperuser();
  });
  beforeEach(() => superuser.query('BEGIN'));
  afterEach(() => superuser.query('ROLLBACK'));
  afterAll(async () => {
    await superuser.end();
    await test.close();
  });

  const faultsAfter = async (...statements: string[]) => {
    for (const statement of statements) await superuser.query(statement);
    return findTenancyFaults(superuser, 'deploy_user');
  };

  it('find nothing in a new table that keeps them', async () => {
    expect(await faultsAfter(TABLE, ENABLED, FORCED, POLICY)).toEqual([]);
  });

  it.each([
    ['no row-level security', [TABLE, FORCED, POLICY], 'public.tasks: row-level security is not enabled'],
    ['no FORCE', [TABLE, ENABLED, POLICY], 'public.tasks: row-level security is not forced'],
    ['no policy', [TABLE, ENABLED, FORCED], 'public.tasks: has not exactly one policy of a known shape: []'],
    [
      'a policy that reads more than it should',
      [
        TABLE,
        ENABLED,
        FORCED,
        `CREATE POLICY tenant ON tasks USING (tenant_id IS NULL OR tenant_id = ${CONTEXT})`,
      ],
      expect.stringMatching(/known shape.*IS NULL/),
    ],
    [
      'a policy that lets more be written than read',
      [
        TABLE,
        ENABLED,
        FORCED,
        `CREATE POLICY tenant ON tasks USING (tenant_id = ${CONTEXT}) WITH CHECK (true)`,
      ],
      expect.stringContaining('known shape'),
    ],
    [
      'a policy for one command',
      [TABLE, ENABLED, FORCED, `CREATE POLICY tenant ON tasks FOR SELECT USING (tenant_id = ${CONTEXT})`],
      expect.stringContaining('known shape'),
    ],
    [
      'a second policy, which widens the first',
      [TABLE, ENABLED, FORCED, POLICY, 'CREATE POLICY support ON tasks USING (true)'],
      expect.stringContaining('not exactly one policy'),
    ],
    [
      'rows of nobody',
      [TABLE, 'ALTER TABLE tasks ALTER tenant_id DROP NOT NULL', ENABLED, FORCED, POLICY],
      'public.tasks: tenant_id may be null',
    ],
    [
      'a key without the tenant',
      [
        TABLE,
        ENABLED,
        FORCED,
        POLICY,
        'ALTER TABLE tasks ADD CONSTRAINT fk_tasks__app FOREIGN KEY (project_id) REFERENCES apps (id)',
      ],
      'public.tasks: fk_tasks__app lacks the tenant',
    ],
    [
      'no tenant_id and no word about why',
      ['CREATE TABLE tasks (id uuid PRIMARY KEY)'],
      'public.tasks: row-level security is not enabled',
    ],
  ])('find a new table with %s', async (_, statements, fault) => {
    expect(await faultsAfter(...statements)).toContainEqual(fault);
  });

  it('find a grant on a partition, which the policy of its parent does not guard', async () => {
    const faults = await faultsAfter(
      'CREATE TABLE tasks (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id)',
      ENABLED,
      FORCED,
      POLICY,
      'CREATE TABLE tasks_rest PARTITION OF tasks DEFAULT',
      'GRANT SELECT ON tasks_rest TO deploy_user',
    );
    expect(faults).toEqual(['public.tasks_rest: has no policy, and the app role may SELECT']);
  });

  it('find a view that lets conditions see what it hides, or that runs as somebody whom policies do not bind', async () => {
    const faults = await faultsAfter(
      'CREATE VIEW everything AS SELECT * FROM projects',
      'GRANT SELECT ON everything TO deploy_user',
    );
    expect(faults).toEqual([
      'public.everything: is no security barrier',
      'public.everything: runs as capsule_superuser, whom policies do not bind',
    ]);
  });

  describe("in a tenant's own schema", () => {
    const own = (constant: string) => `CREATE POLICY tenant ON t1.notes USING (${CONTEXT} = '${constant}')`;
    const tables = [
      'CREATE SCHEMA t1',
      'CREATE TABLE t1.notes (id uuid PRIMARY KEY)',
      'ALTER TABLE t1.notes ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE t1.notes FORCE ROW LEVEL SECURITY',
    ];

    it('take a policy that compares the constant tenant', async () => {
      expect(await faultsAfter(...tables, own(acme))).toEqual([]);
    });

    it('find a table without it', async () => {
      expect(await faultsAfter(...tables)).toEqual([
        expect.stringMatching(/^t1\.notes: has not exactly one policy/),
      ]);
    });

    it('find two tenants in one schema', async () => {
      const faults = await faultsAfter(
        ...tables,
        own(acme),
        'CREATE TABLE t1.tags (id uuid PRIMARY KEY)',
        'ALTER TABLE t1.tags ENABLE ROW LEVEL SECURITY',
        'ALTER TABLE t1.tags FORCE ROW LEVEL SECURITY',
        own(globex).replace('notes', 'tags'),
      );
      expect(faults).toEqual([`t1: has tables of ${acme} and of ${globex}`]);
    });

    it('find a key that leads out of it', async () => {
      const faults = await faultsAfter(
        ...tables,
        own(acme),
        'ALTER TABLE t1.notes ADD CONSTRAINT fk_notes__project FOREIGN KEY (id) REFERENCES projects (id)',
      );
      expect(faults).toEqual(["t1.notes: fk_notes__project leads out of the tenant's schema"]);
    });
  });
});
