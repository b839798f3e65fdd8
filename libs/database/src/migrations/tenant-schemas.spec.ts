import pg from 'pg';
import { MigrationScratch } from './migration-scratch.fixture.js';
import { MigrationSession } from './migration-session.js';
import { Migrator } from './migrator.js';

const SCHEMAS = ['tenant_a', 'tenant_b'];

describe('migrations of many schemas of one database', () => {
  let scratch: MigrationScratch;
  let session: MigrationSession;
  beforeAll(async () => {
    scratch = await MigrationScratch.make();
    await scratch.database.asSuperuser((client) =>
      client.query(SCHEMAS.map((schema) => `CREATE SCHEMA ${schema} AUTHORIZATION auth_owner;`).join('')),
    );
    session = await MigrationSession.open(scratch.database.owner);
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  const migrator = (schema: string) =>
    new Migrator(session, scratch.folder, { schema, placeholders: { schema, tenantId: `id of ${schema}` } });
  const migrate = async (schema: string) => (await migrator(schema).migrate()).map((file) => file.script);

  it('keep a history in each, and put its own values into the files', async () => {
    await scratch.write(
      'V1__Notes.sql',
      "CREATE TABLE notes (owner text DEFAULT '${tenantId}'); INSERT INTO ${schema}.notes DEFAULT VALUES;",
    );
    for (const schema of SCHEMAS) expect(await migrate(schema)).toEqual(['V1__Notes.sql']);
    for (const schema of SCHEMAS) {
      expect(await scratch.rows(`SELECT owner FROM ${schema}.notes`)).toEqual([{ owner: `id of ${schema}` }]);
      expect(await migrator(schema).validate()).toEqual([]);
    }
    const checksums = await scratch.rows(
      SCHEMAS.map((schema) => `SELECT checksum FROM ${schema}.flyway_schema_history`).join(' UNION '),
    );
    expect(checksums).toHaveLength(1);
    expect(await scratch.rows("SELECT to_regclass('public.flyway_schema_history') AS history")).toEqual([
      { history: null },
    ]);
  });

  it('leave the others alone when one fails, and go on with it when it is mended', async () => {
    await scratch.rows('ALTER TABLE tenant_a.notes ADD COLUMN body text');
    await scratch.write('V2__Body.sql', 'ALTER TABLE notes ADD COLUMN body text');
    await expect(migrate('tenant_a')).rejects.toThrow('V2__Body.sql failed: column "body"');
    expect(await migrate('tenant_b')).toEqual(['V2__Body.sql']);
    await scratch.rows('ALTER TABLE tenant_a.notes DROP COLUMN body');
    expect(await migrate('tenant_a')).toEqual(['V2__Body.sql']);
  });

  it('wait for a runner on the same schema only, and hold no lock afterwards', async () => {
    const other = new pg.Client({
      ...scratch.database.owner,
      database: scratch.database.owner.name,
      ssl: false,
    });
    await other.connect();
    await scratch.write('V3__Slow.sql', 'SELECT pg_sleep(0.5)');
    const slow = new Migrator(scratch.database.owner, scratch.folder, {
      schema: 'tenant_a',
      placeholders: { schema: '', tenantId: '' },
    }).migrate();
    await scratch.until("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    await expect(
      new Migrator(session, scratch.folder, {
        schema: 'tenant_a',
        placeholders: { schema: '', tenantId: '' },
        lockWaitMs: 50,
      }).migrate(),
    ).rejects.toThrow('Another runner migrates tenant_a of');
    expect(await migrate('tenant_b')).toEqual(['V3__Slow.sql']);
    await slow;
    expect(await scratch.rows("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
    await other.end();
  });
});
