import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MigrationScratch } from './migration-scratch.fixture.js';

const workspace = fileURLToPath(new URL('../../../..', import.meta.url));
const BUSY =
  "SELECT pid FROM pg_stat_activity WHERE application_name = 'capsule-migrate' AND datname = current_database()";

describe('a runner killed with SIGKILL in the middle of a file', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => {
    // The child runs what is built.
    execFileSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', 'libs/database'], {
      cwd: workspace,
    });
    scratch = await MigrationScratch.make();
    await scratch.write('V1__Table.sql', 'CREATE TABLE applied (file text)');
    await scratch.migrate();
  });
  afterAll(() => scratch.close());

  /** Kills a runner of its own process once its connection waits for what the query tells. */
  const killOnce = async (waiting: string) => {
    const child = runnerProcess(scratch);
    const killed = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    await scratch.until(`${BUSY} AND ${waiting}`);
    child.kill('SIGKILL');
    expect(await killed).toBe('SIGKILL');
  };

  it('leaves a transactional file to the next run, which waits for the backend of the first to be gone', async () => {
    await scratch.write('V2__Slow.sql', "INSERT INTO applied VALUES ('2'); SELECT pg_sleep(600);");
    await killOnce("wait_event = 'PgSleep'");
    await scratch.write('V2__Slow.sql', "INSERT INTO applied VALUES ('2')");
    expect(await scratch.migrate()).toEqual(['V2__Slow.sql']);
    expect(await scratch.rows('SELECT file FROM applied')).toEqual([{ file: '2' }]);
    expect(await scratch.rows(BUSY)).toEqual([]);
  });

  it('blocks by a file without transaction, until a person has removed what it left and has repaired', async () => {
    const index =
      /The index public\.ix_applied__file on applied is invalid.*DROP INDEX CONCURRENTLY public\.ix_applied__file;/;
    await scratch.write(
      'V3__Index.sql',
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_applied__file ON applied (file)',
    );
    await scratch.write('V3__Index.sql.conf', 'executeInTransaction=false');
    await scratch.write('V4__Later.sql', 'CREATE TABLE later ()');
    const writer = new pg.Client({
      ...scratch.database.owner,
      database: scratch.database.owner.name,
      ssl: false,
    });
    await writer.connect();
    await writer.query("BEGIN; INSERT INTO applied VALUES ('open')");
    await killOnce("wait_event_type = 'Lock'");
    await scratch.until(`SELECT 1 WHERE NOT EXISTS (${BUSY})`);
    await writer.query('ROLLBACK');
    await writer.end();

    await expect(scratch.migrate()).rejects.toThrow('V3__Index.sql failed and was not repaired');
    expect(await scratch.migrator().validate()).toEqual(
      expect.arrayContaining([expect.stringMatching(index)]),
    );
    const repair = await scratch.migrator().repair();
    expect(repair).toMatchObject({ removed: ['V3__Index.sql'], leftBehind: [expect.stringMatching(index)] });
    // IF NOT EXISTS would take the invalid index for the one it wants.
    await expect(scratch.migrate()).rejects.toThrow(index);
    await scratch.database.asSuperuser((client) => client.query('DROP INDEX CONCURRENTLY ix_applied__file'));
    expect(await scratch.migrate()).toEqual(['V3__Index.sql', 'V4__Later.sql']);
    expect(await scratch.migrator().validate()).toEqual([]);
  });
});

function runnerProcess({ database, folder }: MigrationScratch): ChildProcess {
  const program = `
    import { Migrator } from './libs/database/dist/migrations/migrator.js';
    const { owner, folder } = JSON.parse(process.env.RUN);
    await new Migrator(owner, folder).migrate();`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: workspace,
    env: { ...process.env, NODE_OPTIONS: '', RUN: JSON.stringify({ owner: database.owner, folder }) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
