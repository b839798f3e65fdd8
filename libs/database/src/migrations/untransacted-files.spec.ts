import { MigrationScratch } from './migration-scratch.fixture.js';

describe('files that run without a transaction', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => (scratch = await MigrationScratch.make()));
  beforeEach(async () => {
    await scratch.write('V1__Table.sql', 'CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (1);');
    await scratch.migrate();
  });
  afterEach(() => scratch.reset());
  afterAll(() => scratch.close());

  it('run statement by statement, as CREATE INDEX CONCURRENTLY and its like demand', async () => {
    await scratch.write(
      'V2__Index.sql',
      'CREATE INDEX CONCURRENTLY ix_t__n ON t (n);\n-- Not in a transaction either.\nVACUUM t;\nREINDEX INDEX CONCURRENTLY ix_t__n;',
    );
    await expect(scratch.migrate()).rejects.toThrow(
      'Write executeInTransaction=false into V2__Index.sql.conf.',
    );
    await scratch.write('V2__Index.sql.conf', 'executeInTransaction=false');
    expect(await scratch.migrate()).toEqual(['V2__Index.sql']);
    expect(
      await scratch.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_t__n'::regclass"),
    ).toEqual([{ indisvalid: true }]);
    expect(
      await scratch.rows('SELECT success, count(*)::int FROM flyway_schema_history GROUP BY success'),
    ).toEqual([{ success: true, count: 2 }]);
  });

  it('are recorded as failed, with the line, and block every later file until repair', async () => {
    await scratch.write('V2__Half.sql', 'CREATE TABLE half ();\n\nCREATE TABLE other (n nothing);');
    await scratch.write('V2__Half.sql.conf', 'executeInTransaction=false');
    await scratch.write('V3__Later.sql', 'CREATE TABLE later ()');
    await expect(scratch.migrate()).rejects.toThrow(
      'V2__Half.sql failed: type "nothing" does not exist (line 3)',
    );
    expect(await scratch.states()).toEqual([
      'V1__Table.sql Success',
      'V2__Half.sql Failed',
      'V3__Later.sql Pending',
    ]);
    await expect(scratch.migrate()).rejects.toThrow('V2__Half.sql failed and was not repaired');
    await expect(scratch.migrator().undo()).rejects.toThrow('V2__Half.sql failed and was not repaired');

    await scratch.database.asSuperuser((client) => client.query('DROP TABLE half'));
    expect(await scratch.migrator().repair()).toMatchObject({ removed: ['V2__Half.sql'] });
    await scratch.write('V2__Half.sql', 'CREATE TABLE half ()');
    expect(await scratch.migrate()).toEqual(['V2__Half.sql', 'V3__Later.sql']);
  });

  it('fail by an invalid index, which a unique one becomes on duplicates, and name it', async () => {
    await scratch.write('V2__Unique.sql', 'CREATE UNIQUE INDEX CONCURRENTLY uq_t__n ON t (n)');
    await scratch.write('V2__Unique.sql.conf', 'executeInTransaction=false');
    await expect(scratch.migrate()).rejects.toThrow('could not create unique index "uq_t__n"');
    expect(await scratch.migrator().validate()).toEqual([
      expect.stringContaining('V2__Unique.sql failed and was not repaired'),
      expect.stringContaining('DROP INDEX CONCURRENTLY public.uq_t__n;'),
    ]);
  });
});
