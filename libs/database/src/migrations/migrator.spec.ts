import { migrationsFolder } from './migration-files.js';
import { MigrationScratch } from './migration-scratch.fixture.js';
import { Migrator } from './migrator.js';

describe('Migrator', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => (scratch = await MigrationScratch.make()));
  afterEach(() => scratch.reset());
  afterAll(() => scratch.close());

  it('applies files in the order of their versions, once, and records them as Flyway does', async () => {
    await scratch.write('V1.10.0__Second.sql', 'INSERT INTO first VALUES (2)');
    await scratch.write(
      'V1.9__First_table.sql',
      'CREATE TABLE first (n integer); INSERT INTO first VALUES (1);',
    );
    expect(await scratch.migrate()).toEqual(['V1.9__First_table.sql', 'V1.10.0__Second.sql']);
    expect(await scratch.migrate()).toEqual([]);
    expect(await scratch.rows('SELECT n FROM first ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    const history = await scratch.rows('SELECT * FROM flyway_schema_history ORDER BY installed_rank');
    expect(history).toMatchObject([
      { installed_rank: 1, version: '1.9', description: 'First table', type: 'SQL', success: true },
      {
        installed_rank: 2,
        version: '1.10.0',
        script: 'V1.10.0__Second.sql',
        installed_by: scratch.database.owner.user,
      },
    ]);
    expect(Object.keys(history[0] ?? {})).toEqual([
      'installed_rank',
      'version',
      'description',
      'type',
      'script',
      'checksum',
      'installed_by',
      'installed_on',
      'execution_time',
      'success',
    ]);
  });

  it('applies each file once when eight runners meet an empty database', async () => {
    await scratch.write('V1__Table.sql', 'CREATE TABLE applied (file text)');
    for (const version of [2, 3]) {
      await scratch.write(
        `V${version}__Row.sql`,
        `SELECT pg_sleep(0.05); INSERT INTO applied VALUES ('${version}')`,
      );
    }
    await scratch.write('V4__Index.sql', 'CREATE INDEX CONCURRENTLY ix_applied__file ON applied (file)');
    await scratch.write('V4__Index.sql.conf', 'executeInTransaction=false');
    await scratch.write('R__View.sql', 'CREATE VIEW files AS SELECT file FROM applied');
    const runs = await Promise.all(Array.from({ length: 8 }, () => scratch.migrate()));
    const all = ['V1__Table.sql', 'V2__Row.sql', 'V3__Row.sql', 'V4__Index.sql', 'R__View.sql'];
    expect(runs.filter((run) => run.length > 0)).toEqual([all]);
    expect(await scratch.rows('SELECT file FROM files ORDER BY file')).toEqual([
      { file: '2' },
      { file: '3' },
    ]);
    expect(await scratch.states()).toEqual(all.map((script) => `${script} Success`));
  });

  it('keeps nothing of a file that fails, names file and line, and goes on where it stopped', async () => {
    await scratch.write('V1__Good.sql', 'CREATE TABLE good ()');
    await scratch.write('V2__Bad.sql', 'CREATE TABLE half ();\n\nSELECT nothing;');
    await scratch.write('V3__Later.sql', 'CREATE TABLE later ()');
    await expect(scratch.migrate()).rejects.toThrow(
      /^V2__Bad\.sql failed: column "nothing" does not exist \(line 3\)/,
    );
    expect(await scratch.rows("SELECT to_regclass('half') AS half, to_regclass('later') AS later")).toEqual([
      { half: null, later: null },
    ]);
    await scratch.write('V2__Bad.sql', 'CREATE TABLE half ()');
    expect(await scratch.migrate()).toEqual(['V2__Bad.sql', 'V3__Later.sql']);
  });

  it('refuses to go on when an applied file was changed or is gone, or an older one appears', async () => {
    await scratch.write('V1__One.sql', 'SELECT 1');
    await scratch.write('V3__Three.sql', 'SELECT 3');
    await scratch.migrate();
    await scratch.write('V4__Four.sql', 'CREATE TABLE four ()');
    await scratch.write('V1__One.sql', 'SELECT 2');
    await expect(scratch.migrate()).rejects.toThrow('V1__One.sql was changed after it was applied');
    await scratch.write('V1__One.sql', 'SELECT 1');
    await scratch.write('V2__Two.sql', 'SELECT 2');
    await expect(scratch.migrate()).rejects.toThrow('V2__Two.sql is older than what was applied');
    await scratch.remove('V2__Two.sql');
    await scratch.remove('V3__Three.sql');
    await expect(scratch.migrate()).rejects.toThrow('V3__Three.sql was applied, but the file is gone');
    expect(await scratch.rows("SELECT to_regclass('four') AS four")).toEqual([{ four: null }]);
  });

  it('lets an older release run on a schema that a newer one has expanded', async () => {
    await scratch.write('V1__One.sql', 'SELECT 1');
    await scratch.write('V2__Of_the_next_release.sql', 'SELECT 2');
    await scratch.migrate();
    await scratch.remove('V2__Of_the_next_release.sql');
    expect(await scratch.migrate()).toEqual([]);
    expect(await scratch.states()).toEqual(['V1__One.sql Success', 'V2__Of_the_next_release.sql Future']);
    expect(await scratch.migrator().validate()).toEqual([]);
  });

  it('refuses a schema that was made otherwise, until it is told from where to go on', async () => {
    await scratch.database.asSuperuser((client) => client.query('CREATE TABLE made_otherwise ()'));
    await scratch.write('V1__One.sql', 'CREATE TABLE made_otherwise ()');
    await scratch.write('V2__Two.sql', 'CREATE TABLE two ()');
    await expect(scratch.migrate()).rejects.toThrow('not empty (made_otherwise): set a baseline first');
    expect(await scratch.migrator().baseline('1.0.0')).toBe(true);
    expect(await scratch.migrate()).toEqual(['V2__Two.sql']);
  });

  it.each([
    ['in a transaction', ''],
    ['without one', 'executeInTransaction=false'],
  ])(
    'runs nothing of a file %s that begins or ends transactions itself, and names the line',
    async (_, conf) => {
      await scratch.write('V1__Commits.sql.conf', conf);
      for (const control of ['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'END']) {
        await scratch.write('V1__Commits.sql', `CREATE TABLE half ();\n-- No BEGIN here.\n${control};`);
        await expect(scratch.migrate()).rejects.toThrow(
          `V1__Commits.sql failed: It has ${control}, and transactions are the runner's. (line 3)`,
        );
      }
      expect(await scratch.rows('SELECT * FROM flyway_schema_history')).toEqual([]);
      expect(await scratch.rows("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    },
  );

  it('errs on a backfill that a policy would filter, instead of updating nothing', async () => {
    await scratch.write(
      'V1__Tenant_table.sql',
      `
      CREATE TABLE t (tenant_id uuid, n integer);
      INSERT INTO t VALUES (gen_random_uuid(), 1);
      ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      ALTER TABLE t FORCE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON t USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);`,
    );
    await scratch.migrate();
    await scratch.write('V2__Backfill.sql', 'UPDATE t SET n = 2');
    await expect(scratch.migrate()).rejects.toThrow('row-level security');
    await scratch.write(
      'V2__Backfill.sql',
      `
      ALTER TABLE t NO FORCE ROW LEVEL SECURITY; UPDATE t SET n = 2; ALTER TABLE t FORCE ROW LEVEL SECURITY;`,
    );
    await scratch.migrate();
    expect(await scratch.rows('SELECT n FROM t')).toEqual([{ n: 2 }]);
  });

  it('begins every file with the same settings, whatever the one before has set', async () => {
    await scratch.write(
      'V1__Sets.sql',
      "SET search_path = ''; SET row_security = on; SET lock_timeout = '1h';",
    );
    await scratch.write(
      'V2__Tells.sql',
      `CREATE TABLE told AS SELECT current_setting('search_path') AS search_path,
         current_setting('row_security') AS row_security, current_setting('lock_timeout') AS lock_timeout`,
    );
    await scratch.migrate();
    expect(await scratch.rows('SELECT * FROM told')).toEqual([
      { search_path: 'public', row_security: 'off', lock_timeout: '2s' },
    ]);
  });

  it('tells the state of each file without changing anything', async () => {
    await scratch.write('V1__One.sql', 'SELECT 1');
    const info = () => scratch.migrator().info();
    expect(await info()).toMatchObject([{ version: '1', state: 'Pending', installedOn: null }]);
    expect(await scratch.rows("SELECT to_regclass('flyway_schema_history') AS history")).toEqual([
      { history: null },
    ]);
    await scratch.migrate();
    await scratch.write('V1__One.sql', 'SELECT 2');
    await scratch.write('V0.5__Late.sql', 'SELECT 1');
    await scratch.write('V2__Two.sql', 'SELECT 1');
    expect(await info()).toMatchObject([
      { version: '1', state: 'Success', changed: true, installedBy: scratch.database.owner.user },
      { version: '0.5', state: 'Ignored' },
      { version: '2', state: 'Pending' },
    ]);
  });

  it('validates: nothing to say of what is right, a line for each fault and for what is not applied', async () => {
    await scratch.write('V1__One.sql', 'SELECT 1');
    await scratch.write('V2__Two.sql', 'SELECT 2');
    await scratch.migrate();
    expect(await scratch.migrator().validate()).toEqual([]);
    await scratch.write('V1__One.sql', 'SELECT 1.0');
    await scratch.remove('V2__Two.sql');
    await scratch.write('V2__Renamed.sql', 'SELECT 2');
    await scratch.write('V3__Three.sql', 'SELECT 3');
    expect(await scratch.migrator().validate()).toEqual([
      'V1__One.sql was changed after it was applied (its checksum differs).',
      'V2__Renamed.sql was applied as V2__Two.sql: a file keeps its name.',
      'V3__Three.sql is not applied.',
    ]);
  });

  it('keeps the schema version of service_configuration', async () => {
    await new Migrator(scratch.database.owner, migrationsFolder('auth')).migrate();
    const [configured] = await scratch.rows('SELECT schema_version FROM service_configuration');
    const [applied] = await scratch.rows(
      'SELECT version FROM flyway_schema_history ORDER BY installed_rank DESC LIMIT 1',
    );
    expect(configured).toEqual({ schema_version: applied?.['version'] });
  });
});
