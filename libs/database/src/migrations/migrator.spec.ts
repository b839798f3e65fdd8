import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { migrationsFolder } from './migration-files.js';
import { Migrator } from './migrator.js';

const workspace = fileURLToPath(new URL('../../../..', import.meta.url));

describe('Migrator', () => {
  let test: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    test = await createTestDatabase('auth', { isMigrated: false });
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  });
  afterEach(async () => {
    await test.close();
    await rm(folder, { recursive: true });
  });

  const write = (name: string, sql: string) => writeFile(join(folder, name), sql);
  const migrator = (lockWaitMs?: number) => new Migrator(test.owner, folder, { lockWaitMs });
  const migrate = async () => (await migrator().migrate()).map((file) => file.script);
  const rows = (sql: string) =>
    test.asSuperuser(async (client) => (await client.query(sql)).rows as Record<string, unknown>[]);

  it('applies files in the order of their versions, once, and records them as Flyway does', async () => {
    await write('V1.10.0__Second.sql', 'INSERT INTO first VALUES (2)');
    await write('V1.9__First_table.sql', 'CREATE TABLE first (n integer); INSERT INTO first VALUES (1);');
    expect(await migrate()).toEqual(['V1.9__First_table.sql', 'V1.10.0__Second.sql']);
    expect(await migrate()).toEqual([]);
    expect(await rows('SELECT n FROM first ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    const history = await rows('SELECT * FROM flyway_schema_history ORDER BY installed_rank');
    expect(history).toMatchObject([
      { installed_rank: 1, version: '1.9', description: 'First table', type: 'SQL', success: true },
      { installed_rank: 2, version: '1.10.0', script: 'V1.10.0__Second.sql', installed_by: test.owner.user },
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

  it('applies each file once when four runners meet an empty database', async () => {
    await write('V1__Table.sql', 'CREATE TABLE applied (file text)');
    for (const version of [2, 3, 4]) {
      await write(`V${version}__Row.sql`, `SELECT pg_sleep(0.05); INSERT INTO applied VALUES ('${version}')`);
    }
    const runs = await Promise.all(Array.from({ length: 4 }, migrate));
    expect(runs.flat().sort()).toEqual(['V1__Table.sql', 'V2__Row.sql', 'V3__Row.sql', 'V4__Row.sql']);
    expect(await rows('SELECT file FROM applied ORDER BY file')).toEqual(
      ['2', '3', '4'].map((file) => ({ file })),
    );
  });

  it('keeps nothing of a file that fails, names file and line, and goes on where it stopped', async () => {
    await write('V1__Good.sql', 'CREATE TABLE good ()');
    await write('V2__Bad.sql', 'CREATE TABLE half ();\n\nSELECT nothing;');
    await write('V3__Later.sql', 'CREATE TABLE later ()');
    await expect(migrate()).rejects.toThrow(
      /^V2__Bad\.sql failed: column "nothing" does not exist \(line 3\)/,
    );
    expect(await rows("SELECT to_regclass('half') AS half, to_regclass('later') AS later")).toEqual([
      { half: null, later: null },
    ]);
    await write('V2__Bad.sql', 'CREATE TABLE half ()');
    expect(await migrate()).toEqual(['V2__Bad.sql', 'V3__Later.sql']);
  });

  it('refuses to go on when an applied file was changed or is gone, or an older one appears', async () => {
    await write('V1__One.sql', 'SELECT 1');
    await write('V3__Three.sql', 'SELECT 3');
    await migrate();
    await write('V4__Four.sql', 'CREATE TABLE four ()');
    await write('V1__One.sql', 'SELECT 2');
    await expect(migrate()).rejects.toThrow('V1__One.sql was changed after it was applied');
    await write('V1__One.sql', 'SELECT 1');
    await write('V2__Two.sql', 'SELECT 2');
    await expect(migrate()).rejects.toThrow('V2__Two.sql is older than what was applied');
    await unlink(join(folder, 'V2__Two.sql'));
    await unlink(join(folder, 'V3__Three.sql'));
    await expect(migrate()).rejects.toThrow('V3__Three.sql was applied, but the file is gone');
    expect(await rows("SELECT to_regclass('four') AS four")).toEqual([{ four: null }]);
  });

  it('refuses two files of one version and a name that is not one, before it touches anything', async () => {
    await write('V1__One.sql', 'CREATE TABLE one ()');
    await write('V1.0.0__Also_one.sql', 'SELECT 1');
    await expect(migrate()).rejects.toThrow('have the same version');
    await unlink(join(folder, 'V1.0.0__Also_one.sql'));
    await write('V2_Misspelt.sql', 'SELECT 1');
    await expect(migrate()).rejects.toThrow('is not named V<version>__<Description>.sql');
    expect(await rows("SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);
  });

  it('refuses a file that ends the transaction itself', async () => {
    await write('V1__Commits.sql', 'COMMIT; BEGIN;');
    await expect(migrate()).rejects.toThrow('ends the transaction itself');
    expect(await rows('SELECT * FROM flyway_schema_history')).toEqual([]);
  });

  it('errs on a backfill that a policy would filter, instead of updating nothing', async () => {
    await write(
      'V1__Tenant_table.sql',
      `
      CREATE TABLE t (tenant_id uuid, n integer);
      INSERT INTO t VALUES (gen_random_uuid(), 1);
      ALTER TABLE t ENABLE ROW LEVEL SECURITY;
      ALTER TABLE t FORCE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON t USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);`,
    );
    await migrate();
    await write('V2__Backfill.sql', 'UPDATE t SET n = 2');
    await expect(migrate()).rejects.toThrow('row-level security');
    await write(
      'V2__Backfill.sql',
      `
      ALTER TABLE t NO FORCE ROW LEVEL SECURITY; UPDATE t SET n = 2; ALTER TABLE t FORCE ROW LEVEL SECURITY;`,
    );
    await migrate();
    expect(await rows('SELECT n FROM t')).toEqual([{ n: 2 }]);
  });

  it('tells the state of each file without changing anything', async () => {
    await write('V1__One.sql', 'SELECT 1');
    expect(await migrator().info()).toMatchObject([{ version: '1', state: 'Pending', installedOn: null }]);
    expect(await rows("SELECT to_regclass('flyway_schema_history') AS history")).toEqual([{ history: null }]);
    await migrate();
    await write('V1__One.sql', 'SELECT 2');
    await write('V0.5__Late.sql', 'SELECT 1');
    await write('V2__Two.sql', 'SELECT 1');
    expect(await migrator().info()).toMatchObject([
      { version: '1', state: 'Success', changed: true, installedBy: test.owner.user },
      { version: '0.5', state: 'Ignored' },
      { version: '2', state: 'Pending' },
    ]);
  });

  it('keeps the schema version of service_configuration', async () => {
    await new Migrator(test.owner, migrationsFolder('auth')).migrate();
    const [configured] = await rows('SELECT schema_version FROM service_configuration');
    const [applied] = await rows(
      'SELECT version FROM flyway_schema_history ORDER BY installed_rank DESC LIMIT 1',
    );
    expect(configured).toEqual({ schema_version: applied?.['version'] });
  });

  describe('killed with SIGKILL in the middle of a file', () => {
    beforeAll(() => {
      // The child runs what is built.
      execFileSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', 'libs/database'], {
        cwd: workspace,
      });
    });

    it('leaves the file to the next run, which waits for the backend of the first to be gone', async () => {
      await write('V1__Table.sql', 'CREATE TABLE applied (file text)');
      await write('V2__Slow.sql', "INSERT INTO applied VALUES ('2'); SELECT pg_sleep(600);");
      const child = runnerProcess(test, folder);
      const sleeping =
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
      while ((await rows(sleeping)).length === 0) {
        if (child.exitCode !== null) throw new Error('The runner ended before it was killed.');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const killed = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      child.kill('SIGKILL');
      expect(await killed).toBe('SIGKILL');

      await write('V2__Slow.sql', "INSERT INTO applied VALUES ('2')");
      expect(await migrate()).toEqual(['V2__Slow.sql']);
      expect(await rows('SELECT file FROM applied')).toEqual([{ file: '2' }]);
      expect(await rows(sleeping)).toEqual([]);
    });
  });

  it('gives up after its time when another runner does not finish', async () => {
    await write('V1__Slow.sql', 'SELECT pg_sleep(2)');
    const first = migrate();
    while ((await rows("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")).length === 0);
    await expect(migrator(100).migrate()).rejects.toThrow('Another runner');
    await first;
  });
});

function runnerProcess(test: TestDatabase, folder: string): ChildProcess {
  const program = `
    import { Migrator } from './libs/database/dist/index.js';
    const { owner, folder } = JSON.parse(process.env.RUN);
    await new Migrator(owner, folder).migrate();`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: workspace,
    env: { ...process.env, NODE_OPTIONS: '', RUN: JSON.stringify({ owner: test.owner, folder }) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
