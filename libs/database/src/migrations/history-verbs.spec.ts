import { MigrationScratch } from './migration-scratch.fixture.js';
import { splitStatements } from './statements.js';

describe('verbs on the history', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => (scratch = await MigrationScratch.make()));
  afterEach(() => scratch.reset());
  afterAll(() => scratch.close());

  describe('repeatable files', () => {
    it('run after the versioned ones, by description, and again when they changed', async () => {
      await scratch.write('R__b.sql', 'CREATE OR REPLACE VIEW b AS SELECT n FROM a');
      await scratch.write('R__a.sql', 'CREATE OR REPLACE VIEW a AS SELECT n FROM t');
      await scratch.write('V1__T.sql', 'CREATE TABLE t (n integer)');
      expect(await scratch.migrate()).toEqual(['V1__T.sql', 'R__a.sql', 'R__b.sql']);
      expect(await scratch.migrate()).toEqual([]);
      await scratch.write('R__a.sql', 'CREATE OR REPLACE VIEW a AS SELECT n, 1 AS one FROM t');
      expect(await scratch.states()).toEqual([
        'V1__T.sql Success',
        'R__a.sql Outdated',
        'R__b.sql Success',
        'R__a.sql Pending',
      ]);
      expect(await scratch.migrate()).toEqual(['R__a.sql']);
      expect(await scratch.states()).toEqual([
        'V1__T.sql Success',
        'R__a.sql Superseded',
        'R__b.sql Success',
        'R__a.sql Success',
      ]);
    });

    it('that are gone stop the next run until repair, which marks their latest run alone as deleted', async () => {
      await scratch.write('R__a.sql', 'SELECT 1');
      await scratch.migrate();
      await scratch.write('R__a.sql', 'SELECT 2');
      await scratch.migrate();
      await scratch.remove('R__a.sql');
      expect(await scratch.states()).toEqual(['R__a.sql Superseded', 'R__a.sql Missing']);
      expect(await scratch.migrator().validate()).toEqual(['R__a.sql was applied, but the file is gone.']);
      await expect(scratch.migrate()).rejects.toThrow('R__a.sql was applied, but the file is gone');

      expect(await scratch.migrator().repair()).toMatchObject({ deleted: ['R__a.sql'] });
      expect(await scratch.states()).toEqual(['R__a.sql Superseded', 'R__a.sql Deleted']);
      expect(await scratch.migrator().validate()).toEqual([]);
      await scratch.write('R__a.sql', 'SELECT 2');
      expect(await scratch.migrate()).toEqual(['R__a.sql']);
      expect(await scratch.states()).toEqual(['R__a.sql Superseded', 'R__a.sql Deleted', 'R__a.sql Success']);
    });
  });

  describe('undo', () => {
    beforeEach(async () => {
      await scratch.write('V1__One.sql', 'CREATE TABLE one ()');
      await scratch.write('V2__Two.sql', 'CREATE TABLE two ()');
      await scratch.write('U2__Two.sql', 'DROP TABLE two');
      await scratch.migrate();
    });

    it('takes back the newest version, which is pending again then', async () => {
      expect(await scratch.migrator().undo()).toMatchObject({ script: 'U2__Two.sql' });
      expect(await scratch.rows("SELECT to_regclass('two') AS two")).toEqual([{ two: null }]);
      expect(await scratch.states()).toEqual([
        'V1__One.sql Success',
        'V2__Two.sql Undone',
        'U2__Two.sql Success',
        'V2__Two.sql Pending',
      ]);
      expect(await scratch.rows('SELECT type FROM flyway_schema_history ORDER BY installed_rank')).toEqual(
        ['SQL', 'SQL', 'UNDO_SQL'].map((type) => ({ type })),
      );
      await scratch.write('V2__Two.sql', 'CREATE TABLE two (better integer)');
      expect(await scratch.migrate()).toEqual(['V2__Two.sql']);
      expect(await scratch.migrator().validate()).toEqual([]);
    });

    it('is done once it ran: a U file that was renamed since stops nothing', async () => {
      await scratch.migrator().undo();
      await scratch.migrate();
      await scratch.remove('U2__Two.sql');
      await scratch.write('U2__Better.sql', 'DROP TABLE IF EXISTS two');
      expect(await scratch.migrator().validate()).toEqual([]);
      expect(await scratch.migrate()).toEqual([]);
      expect(await scratch.migrator().undo()).toMatchObject({ script: 'U2__Better.sql' });
    });

    it('refuses when nobody wrote how, or nothing is left, and keeps all when it fails', async () => {
      await scratch.write('U2__Two.sql', 'DROP TABLE two; DROP TABLE nothing;');
      await expect(scratch.migrator().undo()).rejects.toThrow('U2__Two.sql failed: table "nothing"');
      expect(await scratch.rows("SELECT to_regclass('two')::text AS two")).toEqual([{ two: 'two' }]);
      await scratch.write('U2__Two.sql', 'DROP TABLE two');
      await scratch.migrator().undo();
      await expect(scratch.migrator().undo()).rejects.toThrow('There is no U file for V1__One.sql');
      await scratch.write('U1__One.sql', 'DROP TABLE one');
      await scratch.migrator().undo();
      await expect(scratch.migrator().undo()).rejects.toThrow('Nothing is applied');
    });
  });

  describe('baseline', () => {
    it('leaves out what is up to it, and says the same twice', async () => {
      for (const version of ['1', '2', '3'])
        await scratch.write(`V${version}__T.sql`, `CREATE TABLE t${version} ()`);
      const baseline = (version: string) => scratch.migrator().baseline(version);
      expect(await baseline('2')).toBe(true);
      expect(await baseline('2.0')).toBe(false);
      await expect(baseline('1')).rejects.toThrow('has the baseline 2 already');
      expect(await scratch.migrate()).toEqual(['V3__T.sql']);
      expect(await scratch.states()).toEqual([
        '<< Flyway Baseline >> Baseline',
        'V3__T.sql Success',
        'V1__T.sql Below Baseline',
        'V2__T.sql Below Baseline',
      ]);
      expect(await scratch.migrator().validate()).toEqual([]);
      await expect(baseline('2')).rejects.toThrow();
    });

    it('refuses a history that has begun', async () => {
      await scratch.write('V1__One.sql', 'SELECT 1');
      await scratch.migrate();
      await expect(scratch.migrator().baseline('1')).rejects.toThrow('begins with V1__One.sql');
    });
  });

  describe('repair', () => {
    it('takes changed and renamed files as they are, and marks those that are gone as Flyway does', async () => {
      for (const version of ['1', '2', '3']) await scratch.write(`V${version}__T.sql`, `SELECT ${version}`);
      await scratch.migrate();
      await scratch.remove('V1__T.sql');
      await scratch.write('V2__T.sql', 'SELECT 2.0');
      await scratch.remove('V3__T.sql');
      await scratch.write('V3__Better_name.sql', 'SELECT 3');
      expect(await scratch.migrator().repair()).toEqual({
        removed: [],
        deleted: ['V1__T.sql'],
        aligned: ['V2__T.sql', 'V3__T.sql'],
        leftBehind: [],
      });
      expect(await scratch.migrator().validate()).toEqual([]);
      expect(await scratch.states()).toEqual([
        'V1__T.sql Deleted',
        'V2__T.sql Success',
        'V3__Better_name.sql Success',
      ]);
      expect(
        await scratch.rows("SELECT version, type, script FROM flyway_schema_history WHERE type = 'DELETE'"),
      ).toEqual([{ version: '1', type: 'DELETE', script: 'V1__T.sql' }]);
      expect(await scratch.migrator().repair()).toMatchObject({ deleted: [], aligned: [] });
    });

    it('leaves alone what a newer release has applied', async () => {
      await scratch.write('V1__T.sql', 'SELECT 1');
      await scratch.write('V2__T.sql', 'SELECT 2');
      await scratch.migrate();
      await scratch.remove('V2__T.sql');
      expect(await scratch.migrator().repair()).toMatchObject({ deleted: [] });
      expect(await scratch.states()).toEqual(['V1__T.sql Success', 'V2__T.sql Future']);
    });
  });

  describe('dry run', () => {
    it('prints what a run executes, from the first table on, and changes nothing', async () => {
      await scratch.write('V1__One.sql', "CREATE TABLE one (word text DEFAULT 'it''s')");
      await scratch.write('V2__Two.sql', 'CREATE INDEX CONCURRENTLY ix_one__word ON one (word);');
      await scratch.write('V2__Two.sql.conf', 'executeInTransaction=false');
      const sql = await scratch.migrator().dryRun();
      expect(await scratch.rows("SELECT to_regclass('flyway_schema_history') AS history")).toEqual([
        { history: null },
      ]);
      await scratch.migrate();
      const history = `
        SELECT version, script, checksum, success, sha256
        FROM flyway_schema_history JOIN migration_digests USING (installed_rank) ORDER BY installed_rank`;
      const ofRun = await scratch.rows(history);

      expect(await scratch.migrator().dryRun()).toBe('');

      await scratch.reset();
      await scratch.database.asSuperuser(async (client) => {
        for (const statement of splitStatements(sql)) await client.query(statement.text);
      });
      expect(await scratch.rows(history)).toEqual(ofRun);
      expect(await scratch.rows("SELECT to_regclass('ix_one__word')::text AS index")).toEqual([
        { index: 'ix_one__word' },
      ]);
    });
  });
});
