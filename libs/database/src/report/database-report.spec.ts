import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { type DatabaseReport, readDatabaseReport } from './database-report.js';
import type { Ask } from './section.js';

/** A database in which everything is wrong that the report looks for, as far as it can be brought about at once. */
const NEGLECT = `
  CREATE TABLE parents (tenant_id uuid NOT NULL, id integer NOT NULL, PRIMARY KEY (tenant_id, id));
  CREATE TABLE children (
    id integer PRIMARY KEY, tenant_id uuid NOT NULL, parent_id integer NOT NULL, note text NOT NULL,
    CONSTRAINT fk_children__parent FOREIGN KEY (tenant_id, parent_id) REFERENCES parents (tenant_id, id)
  ) WITH (autovacuum_enabled = off);
  ALTER TABLE children ENABLE ROW LEVEL SECURITY;
  ALTER TABLE children FORCE ROW LEVEL SECURITY;
  CREATE INDEX ix_children__note ON children (note);
  INSERT INTO parents VALUES ('00000000-0000-4000-8000-000000000001', 1);
  INSERT INTO children SELECT n, '00000000-0000-4000-8000-000000000001', 1, 'note ' || n || repeat('x', 180)
    FROM generate_series(1, 60000) n;
  DELETE FROM children WHERE id % 4 <> 0;
  ANALYZE children;
  CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE events_rest PARTITION OF events DEFAULT;
  INSERT INTO events VALUES (now());
  CREATE TABLE visits (at timestamptz NOT NULL) PARTITION BY RANGE (at);
  CREATE TABLE visits_rest PARTITION OF visits DEFAULT;
  INSERT INTO visits VALUES (now() - interval '30 days'), (now() - interval '1 day');`;

describe('the report on a database', () => {
  let test: TestDatabase;
  let reader: pg.Client;
  let idle: pg.Client;
  let report: DatabaseReport;

  const backup = {
    user: process.env['AUTH_SERVICE_DB_BACKUP_USER'],
    password: process.env['AUTH_SERVICE_DB_BACKUP_PASSWORD'],
  };
  const asRole = async (login: { user?: string; password?: string }) => {
    const { host, port, name } = test.settings;
    const client = new pg.Client({ host, port, database: name, ...login });
    await client.connect();
    return client;
  };
  const asking =
    (client: pg.Client): Ask =>
    async <Row>(statement: string, parameters: readonly unknown[] = []) =>
      (await client.query(statement, [...parameters])).rows as Row[];

  const findingsOf = (section: keyof DatabaseReport['sections'], of = report) =>
    of.sections[section].findings.map(({ finding }) => finding).join('\n');

  beforeAll(async () => {
    test = await createTestDatabase('auth');
    await test.asSuperuser(async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
      // Those that other databases of the server left would push out what is called once.
      await client.query('SELECT pg_stat_statements_reset()');
      await client.query(NEGLECT);
      for (let scan = 0; scan < 60; scan += 1)
        await client.query('SELECT count(*) FROM children WHERE id + 0 = 1');
      await client.query(`SELECT 'a literal of somebody', count(*) FROM parents`);
      await client.query(`CREATE ROLE report_spec_${process.pid} PASSWORD 'a password of somebody'`);
      await client.query(`DROP ROLE report_spec_${process.pid}`);
      await client.query('SELECT pg_stat_force_next_flush()');
    });
    idle = await asRole(test.owner);
    await idle.query('BEGIN; SELECT 1');
    reader = await asRole(backup);
    report = await readDatabaseReport(asking(reader), 'auth');
  }, 30_000);
  afterAll(async () => {
    await idle?.end();
    await reader?.end();
    await test?.close();
  });

  it('says of what, by whom and when it was read', () => {
    expect(report).toMatchObject({ database: test.settings.name, readAs: backup.user });
    expect(report.serverVersion).toMatch(/^\d+/);
    expect(Date.now() - Date.parse(report.takenAt)).toBeLessThan(60_000);
  });

  it('counts the sessions of every role', () => {
    const { used, max, sessions } = report.sections.connections.figures;
    expect(sessions).toContainEqual(
      expect.objectContaining({ role: test.owner.user, state: 'idle in transaction' }),
    );
    expect(used).toBeGreaterThanOrEqual(2);
    expect(max).toBe(97);
    expect(report.sections.connections.findings).toEqual([]);
  });

  it('names the oldest transaction, and how to end one that is open for minutes', async () => {
    expect(report.sections.transactions.figures.oldest).toMatchObject({ role: test.owner.user });
    const later: Ask = async (statement, parameters) =>
      (await asking(reader)<object>(statement, parameters)).map((row) =>
        'ageSeconds' in row ? { ...row, ageSeconds: 301 } : row,
      ) as never;
    const { sections } = await readDatabaseReport(later, 'auth');
    expect(sections.transactions.findings).toMatchObject([{ severity: 'warning' }]);
    expect(sections.transactions.findings[0]?.recommendation).toMatch(/pg_terminate_backend\(\d+\)/);
  });

  it('finds the index that nothing uses, and spares those that enforce a rule', () => {
    const found = report.sections.unusedIndexes.figures.map(({ index }) => index);
    expect(found).toEqual(['ix_children__note']);
    expect(report.sections.unusedIndexes.findings[0]?.recommendation).toContain('DROP INDEX CONCURRENTLY');
  });

  it('finds the foreign key without an index, and the table that is read as a whole', () => {
    expect(report.sections.missingIndexes.figures).toMatchObject([
      { table: 'children', foreignKey: 'fk_children__parent', columns: ['tenant_id', 'parent_id'] },
      { table: 'children', reason: 'read as a whole again and again' },
    ]);
  });

  it('estimates the empty space of a table, also of one under policies', () => {
    const [children] = report.sections.bloat.figures;
    expect(children).toMatchObject({ table: 'children', liveRows: 15_000, deadRows: 45_000 });
    const share = (children?.wastedBytes ?? 0) / (children?.bytes ?? 1);
    expect(share).toBeGreaterThan(0.65);
    expect(share).toBeLessThan(0.85);
    expect(findingsOf('bloat')).toMatch(/of children \(.* MB\) is empty space/);
    expect(findingsOf('bloat')).toContain('45000 dead rows lie in children');
  });

  it('finds partitions that came to an end, and rows without one', () => {
    expect(report.sections.partitions.figures).toMatchObject([
      { table: 'events', partitions: 2, through: '2021-01-01T00:00:00.000Z', defaultRows: 1 },
      { table: 'visits', partitions: 1, through: null, defaultRows: 2 },
    ]);
    expect(findingsOf('partitions')).toMatch(
      /end at 2021.*\nRows of events from today on are in its default/,
    );
  });

  it('warns of rows in a default partition only where they are in the way of partitions to come', () => {
    const { figures, findings } = report.sections.partitions;
    expect(figures.map(({ table, isDefaultAhead }) => [table, isDefaultAhead])).toEqual([
      ['events', true],
      ['visits', false],
    ]);
    expect(findings.filter(({ finding }) => finding.includes('visits'))).toMatchObject([
      { severity: 'notice', finding: '2 rows of visits are in its default partition.' },
    ]);
  });

  it('tells the size of the database and of its largest tables', () => {
    const { databaseBytes, tables } = report.sections.disk.figures;
    expect(tables[0]).toMatchObject({ table: 'children' });
    expect(databaseBytes).toBeGreaterThan(tables[0]?.bytes ?? 0);
    expect(report.sections.cache.figures.hitRatio).toBeGreaterThan(0);
  });

  it('shows the costliest statements by their shape: neither a literal nor a password ever', () => {
    const statements = report.sections.statements.figures?.map(({ statement }) => statement);
    expect(statements).toContainEqual(expect.stringContaining('INSERT INTO children'));
    expect(statements?.join()).not.toMatch(/password|CREATE ROLE/i);
    expect(JSON.stringify(report)).not.toMatch(/of somebody/);
  });

  it('warns of a slow statement that ten busy ones outweigh, and not of one that was called a few times', async () => {
    const { figures, findings } = await test.asSuperuser(async (client) => {
      await client.query(`
        CREATE TEMPORARY TABLE pg_stat_statements AS
        SELECT d.oid AS dbid, shape.*, shape.calls AS rows, shape.calls * mean_exec_time AS total_exec_time
        FROM pg_database d, (
          SELECT 'SELECT ' || n || ' FROM busy' AS query, 1000000 AS calls, 1::float8 AS mean_exec_time
          FROM generate_series(1, 10) n
          UNION ALL VALUES ('SELECT slow', 12, 5000), ('SELECT seldom', 9, 5000), ('ANALYZE slow', 12, 5000)
        ) shape WHERE d.datname = current_database()`);
      return (await readDatabaseReport(asking(client), 'auth')).sections.statements;
    });
    expect(figures?.map(({ meanMs }) => meanMs)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(findings).toMatchObject([
      { severity: 'warning', finding: 'A statement takes 5000 ms on average (12 calls): SELECT slow' },
    ]);
  });

  it('says how to have statements counted where they are not', async () => {
    const without = await createTestDatabase('auth');
    const client = new pg.Client({ ...test.settings, database: without.settings.name });
    await client.connect();
    const { sections } = await readDatabaseReport(asking(client), 'auth');
    await client.end();
    await without.close();
    expect(sections.statements.figures).toBeNull();
    expect(sections.statements.findings[0]?.recommendation).toContain('CREATE EXTENSION pg_stat_statements');
  });

  it('finds migrations that are not applied', async () => {
    expect(report.sections.migrations.findings).toEqual([]);
    await test.asSuperuser((client) =>
      client.query(
        'DELETE FROM flyway_schema_history WHERE installed_rank = (SELECT max(installed_rank) FROM flyway_schema_history)',
      ),
    );
    const { sections } = await readDatabaseReport(asking(reader), 'auth');
    expect(sections.migrations.figures.open).toMatchObject([{ state: 'Pending' }]);
    expect(sections.migrations.findings).toMatchObject([{ severity: 'warning' }]);
  });

  it('can be read before the first migration too', async () => {
    const empty = await createTestDatabase('auth', { isMigrated: false });
    const client = new pg.Client({ ...test.settings, ...backup, database: empty.settings.name });
    await client.connect();
    const { sections } = await readDatabaseReport(asking(client), 'auth');
    await client.end();
    await empty.close();
    expect(sections.migrations.figures).toMatchObject({ applied: 0 });
    expect(sections.migrations.findings).toMatchObject([{ severity: 'warning' }]);
  });

  it("can be read by the service's own role, and says what that one does not see", async () => {
    const client = await asRole(test.settings);
    const own = await readDatabaseReport(asking(client), 'auth');
    await client.end();
    expect(findingsOf('connections', own)).toMatch(/What \d+ sessions of other roles do is hidden/);
    expect(own.sections.transactions.figures.oldest).toBeNull();
    expect(own.sections.bloat.figures.find(({ table }) => table === 'children')).toMatchObject({
      wastedBytes: null,
    });
    expect(own.sections.unusedIndexes.figures).toEqual(report.sections.unusedIndexes.figures);
    expect(own.sections.partitions.figures).toMatchObject([
      { isDefaultAhead: null },
      { isDefaultAhead: null },
    ]);
    expect(findingsOf('partitions', own)).toContain('1 rows of events are in its default partition');
  });
});
