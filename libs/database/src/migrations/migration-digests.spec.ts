import { MigrationScratch } from './migration-scratch.fixture.js';

const COMMENTED = '-- drops nothing\nCREATE TABLE t ();\n';
/** The same lines to Flyway, and another statement to PostgreSQL. */
const MOVED = '-- drops nothingCREATE TABLE t ();\n';

describe('digests of migrations', () => {
  let scratch: MigrationScratch;
  beforeAll(async () => (scratch = await MigrationScratch.make()));
  beforeEach(async () => {
    await scratch.write('V1__T.sql', COMMENTED);
    await scratch.migrate();
  });
  afterEach(() => scratch.reset());
  afterAll(() => scratch.close());

  it("see a moved line break, to which Flyway's checksum is blind", async () => {
    await scratch.write('V1__T.sql', MOVED);
    expect(await scratch.migrator().validate()).toEqual([
      'V1__T.sql was changed after it was applied (its checksum differs).',
    ]);
    await expect(scratch.migrate()).rejects.toThrow('V1__T.sql was changed');
  });

  it('are the same in a checkout with other line ends or a byte order mark', async () => {
    await scratch.write('V1__T.sql', `\uFEFF${COMMENTED.replaceAll('\n', '\r\n')}`);
    expect(await scratch.migrator().validate()).toEqual([]);
  });

  it('run a repeatable file again when a line break moved', async () => {
    await scratch.write('R__R.sql', COMMENTED.replace('TABLE t', 'TABLE IF NOT EXISTS r'));
    await scratch.migrate();
    await scratch.write('R__R.sql', MOVED.replace('TABLE t', 'TABLE IF NOT EXISTS r'));
    expect(await scratch.migrate()).toEqual(['R__R.sql']);
  });

  it('follow a repair', async () => {
    await scratch.write('V1__T.sql', MOVED);
    expect(await scratch.migrator().repair()).toMatchObject({ aligned: ['V1__T.sql'] });
    expect(await scratch.migrator().validate()).toEqual([]);
  });

  it('are kept from the next run on for what Flyway applied itself, where its checksum holds until then', async () => {
    await scratch.database.asSuperuser((client) => client.query('DROP TABLE migration_digests'));
    await scratch.write('V1__T.sql', MOVED);
    expect(await scratch.migrator().validate()).toEqual([]);
    await scratch.write('V1__T.sql', COMMENTED.replace('drops', 'keeps'));
    expect(await scratch.migrator().validate()).toHaveLength(1);
    await scratch.write('V1__T.sql', COMMENTED);
    await scratch.migrate();
    await scratch.write('V1__T.sql', MOVED);
    expect(await scratch.migrator().validate()).toHaveLength(1);
  });

  it('are kept, too, for what Flyway applied out of order', async () => {
    await scratch.write('V2__Later.sql', 'SELECT 2');
    await scratch.migrate();
    await scratch.database.asSuperuser((client) =>
      client.query(
        "DROP TABLE migration_digests; UPDATE flyway_schema_history SET installed_rank = 3 WHERE version = '1'",
      ),
    );
    expect(await scratch.states()).toEqual(['V2__Later.sql Success', 'V1__T.sql Out of Order']);
    await scratch.migrate();
    await scratch.write('V1__T.sql', MOVED);
    expect(await scratch.migrator().validate()).toHaveLength(1);
  });

  it('are nothing to anybody but the owner', async () => {
    const { rows } = await scratch.database.asSuperuser((client) =>
      client.query("SELECT relacl::text[] AS acl FROM pg_class WHERE relname = 'migration_digests'"),
    );
    expect(rows).toEqual([{ acl: [expect.stringMatching(/^auth_owner=\w+\/auth_owner$/)] }]);
  });

  it('go with the rows of the history that another tool removes', async () => {
    await scratch.database.asSuperuser((client) => client.query('DELETE FROM flyway_schema_history'));
    expect(await scratch.rows('SELECT * FROM migration_digests')).toEqual([]);
  });
});
