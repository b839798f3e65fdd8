import { createTestDatabase, makeTenantSchema, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { dropKnownChecks, findBrokenStatements, SAMPLE_ID } from './released-statements.js';
import { readRelease } from './released-statements-file.js';

async function connected<T>(
  { host, port, name: database, user, password }: TestDatabase['owner' | 'settings'],
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A line for each: the fault, then the statement. */
async function brokenOf(test: TestDatabase, name: string, schema?: string): Promise<string[]> {
  const release = await readRelease(name, schema);
  expect(release.statements.length).toBeGreaterThan(10);
  expect(release.guards.length).toBeGreaterThan(4);
  await connected(test.owner, (client) => dropKnownChecks(client, release, schema));
  const found = await connected(test.settings, (client) => findBrokenStatements(client, release));
  return found.map(({ fault, statement }) => `${fault}: ${statement}`);
}

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('the last release of %s', (service) => {
  it('can send each of its statements to the newest schema', async () => {
    const test = await createTestDatabase(service);
    expect(await brokenOf(test, service)).toEqual([]);
    await test.close();
  });
});

describe("the last release of monitor, in a tenant's schema", () => {
  it('can send each of its statements to the newest one, and is broken where a migration of tenants breaks it', async () => {
    const test = await createTestDatabase('monitor');
    const schema = await makeTenantSchema(test, SAMPLE_ID);
    expect(await brokenOf(test, 'monitor-tenant', schema)).toEqual([]);
    await connected(test.owner, (client) =>
      client.query(`
        ALTER TABLE ${schema}.users RENAME COLUMN email TO address;
        ALTER TABLE ${schema}.metrics_sessions ADD COLUMN host text,
          ADD CONSTRAINT ck_metrics_sessions__host CHECK (host IS NOT NULL) NOT VALID`),
    );
    const broken = await brokenOf(test, 'monitor-tenant', schema);
    expect(broken).toContainEqual(expect.stringMatching(/column .*email.* does not exist: /));
    expect(broken).toContainEqual(
      expect.stringMatching(/refused by ck_metrics_sessions__host: .*: INSERT INTO/),
    );
    await test.close();
  });
});

describe('a schema that is expanded, then contracted', () => {
  const tenant = '01890000-0000-7000-8000-000000000001';
  let test: TestDatabase;
  beforeAll(async () => void (test = await createTestDatabase('deploy')));
  afterAll(() => test.close());

  // As the runner: the owner, in a transaction, refusing to pass over rows.
  const migrate = (sql: string) =>
    connected(test.owner, (client) => client.query(`BEGIN; SET LOCAL row_security = off; ${sql}; COMMIT`));
  const inTenant = (sql: string, values: unknown[] = []) =>
    connected(test.settings, async (client) => {
      await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenant]);
      return (await client.query(sql, values)).rows as unknown[];
    });
  const broken = () => brokenOf(test, 'deploy');
  const insertOld = (name: string) =>
    inTenant('INSERT INTO projects (tenant_id, name) VALUES ($1, $2)', [tenant, name]);

  // The example of docs/runbooks/migrations.md: projects.name becomes projects.title.
  it('serves both releases while it is expanded: what either writes, the other reads', async () => {
    await inTenant("INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, 'o', 'o')", [
      tenant,
    ]);
    await insertOld('before');
    await migrate(`
      ALTER TABLE projects ADD COLUMN title text;
      CREATE FUNCTION projects_keep_title() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
          IF TG_OP = 'INSERT' THEN
              NEW.title := coalesce(NEW.title, NEW.name);
              NEW.name := coalesce(NEW.name, NEW.title);
          ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
              NEW.title := NEW.name;
          ELSIF NEW.title IS DISTINCT FROM OLD.title THEN
              NEW.name := NEW.title;
          END IF;
          RETURN NEW;
      END
      $$;
      CREATE TRIGGER keep_title BEFORE INSERT OR UPDATE OF name, title ON projects
          FOR EACH ROW EXECUTE FUNCTION projects_keep_title()`);
    await migrate(`
      GRANT SELECT, UPDATE (title) ON projects TO deploy_claimer;
      SET LOCAL ROLE deploy_claimer;
      UPDATE projects SET title = name WHERE title IS NULL;
      RESET ROLE;
      REVOKE UPDATE (title) ON projects FROM deploy_claimer;
      ALTER TABLE projects ADD CONSTRAINT ck_projects__title CHECK (title IS NOT NULL) NOT VALID`);
    await migrate('ALTER TABLE projects VALIDATE CONSTRAINT ck_projects__title');
    expect(await broken()).toEqual([]);
    await insertOld('old');
    await inTenant('INSERT INTO projects (tenant_id, title) VALUES ($1, $2)', [tenant, 'new']);
    expect(await inTenant('SELECT name, title FROM projects ORDER BY name')).toEqual(
      ['before', 'new', 'old'].map((text) => ({ name: text, title: text })),
    );
  });

  it('breaks the last release when it is contracted too soon, and says by which statement', async () => {
    await migrate('DROP TRIGGER keep_title ON projects; ALTER TABLE projects DROP COLUMN name');
    expect(await broken()).toContainEqual(
      expect.stringMatching(/column .*name.* does not exist: [^]*projects/),
    );
    await expect(insertOld('late')).rejects.toThrow('column "name" of relation "projects" does not exist');
  });

  it.each([
    [
      'a check of what it does not fill',
      'ALTER TABLE apps ADD COLUMN zone text, ADD CONSTRAINT ck_apps__zone CHECK (zone IS NOT NULL) NOT VALID',
      /refused by ck_apps__zone: .*: INSERT INTO apps/,
    ],
    [
      'a trigger that refuses what it writes',
      `CREATE FUNCTION apps_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
       BEGIN RAISE EXCEPTION 'no apps today'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON apps FOR EACH ROW EXECUTE FUNCTION apps_refuse()`,
      /refused by apps_refuse: no apps today: INSERT INTO apps/,
    ],
    [
      'a column that must be filled',
      'ALTER TABLE apps ADD COLUMN region text NOT NULL',
      /column "region" of "apps" must be filled: INSERT INTO/,
    ],
    ['a right taken away', 'REVOKE SELECT ON apps FROM deploy_user', /permission denied for table apps: /],
    [
      'a function whose body names what is gone',
      'ALTER TABLE work_items RENAME COLUMN holder TO worker',
      /column .*holder.* does not exist: SELECT .*work_/,
    ],
    [
      'a function that is gone',
      'ALTER FUNCTION instance_reconcile RENAME TO instance_compare',
      /function instance_reconcile\(.*\) does not exist: /,
    ],
  ])('is broken by %s', async (_, change, line) => {
    expect(await broken()).not.toContainEqual(expect.stringMatching(line));
    await migrate(change);
    expect(await broken()).toContainEqual(expect.stringMatching(line));
  });
});
