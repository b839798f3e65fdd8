import type { TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { createWholeDatabase, isMigrated } from './whole-database.fixture.js';

const INSUFFICIENT_PRIVILEGE = '42501';

describe.each(['auth', 'billing', 'deploy', 'monitor'] as const)('the role that %s runs as', (service) => {
  let test: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    test = await createWholeDatabase(service);
    const { host, port, name: database, user, password } = test.settings;
    client = new pg.Client({ host, port, database, user, password });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await test.close();
  });

  it.each([
    ['create a table', 'CREATE TABLE mine ()'],
    ['create a temporary table', 'CREATE TEMPORARY TABLE mine ()'],
    ['create a schema', 'CREATE SCHEMA mine'],
    ['create a function', "CREATE FUNCTION mine() RETURNS text LANGUAGE sql AS 'SELECT 1'"],
    ['create an extension', 'CREATE EXTENSION pg_trgm'],
    ['create a role', 'CREATE ROLE mine'],
    ['alter a table', 'ALTER TABLE outbox ADD COLUMN mine text'],
    ['lift forced row-level security', 'ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY'],
    ['drop a policy', 'DROP POLICY tenant_or_platform ON outbox'],
    ['drop a table', 'DROP TABLE outbox'],
    ['truncate a table', 'TRUNCATE outbox'],
    ['disable a trigger', 'ALTER TABLE flyway_schema_history DISABLE TRIGGER ALL'],
    ['act as the owner', `SET ROLE ${service}_owner`],
    ['act as the role that sees all tenants', `SET ROLE ${service}_claimer`],
    ['act as the role that reads all tenants', `SET ROLE ${service}_backup`],
    ['act as somebody else from the start', `SET SESSION AUTHORIZATION ${service}_owner`],
    ['switch triggers and keys off', "SET session_replication_role = 'replica'"],
    ['read files of the server', "SELECT pg_read_file('/etc/passwd')"],
    ['run programs on the server', "COPY (SELECT 1) TO PROGRAM 'true'"],
    ['make a large object', 'SELECT lo_create(0)'],
    ['fill a large object', "SELECT lo_from_bytea(0, 'seen by all tenants')"],
    ['write into a large object', "SELECT lo_put(1, 0, 'seen by all tenants')"],
    ['change published events', 'UPDATE outbox SET published_at = NULL'],
    ['delete events', 'DELETE FROM outbox'],
    [
      'insert an event that counts as published',
      'INSERT INTO outbox (stream, type, envelope, published_at) VALUES',
    ],
    ['forget what it has processed', 'DELETE FROM inbox'],
    ['rewrite dead letters', "UPDATE dead_letters SET envelope = '{}'"],
    ['delete dead letters', 'DELETE FROM dead_letters'],
    ['replace the body of an idempotent request', 'UPDATE idempotent_requests SET request_hash = NULL'],
    ['move the mark of a stream', 'UPDATE outbox_streams SET last_sequence = 0'],
    ['read the marks of streams', 'SELECT * FROM outbox_streams'],
    ['rewrite the history of migrations', 'DELETE FROM flyway_schema_history'],
    ['change the schema version', "UPDATE service_configuration SET schema_version = '9'"],
  ])('cannot %s', async (_, statement) => {
    const complete = statement.endsWith('VALUES') ? `${statement} ('s', 't', '{}', now())` : statement;
    await expect(client.query(complete)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it('cannot switch row-level security off for what it reads', async () => {
    await client.query('SET row_security = off');
    await expect(client.query('SELECT * FROM outbox')).rejects.toMatchObject({
      code: INSUFFICIENT_PRIVILEGE,
    });
    await client.query('RESET row_security');
  });

  it('cannot alter, drop, truncate or disable anything of any table', async () => {
    const tables = await client.query<{ id: string }>(
      `SELECT oid::regclass::text AS id FROM pg_class
       WHERE relkind IN ('r', 'p') AND ${isMigrated('relnamespace')} ORDER BY 1`,
    );
    expect(tables.rows.length).toBeGreaterThan(9);
    for (const { id } of tables.rows) {
      for (const statement of [
        `ALTER TABLE ${id} ADD COLUMN mine text`,
        `DROP TABLE ${id}`,
        `TRUNCATE ${id}`,
        `ALTER TABLE ${id} DISABLE TRIGGER ALL`,
        `ALTER TABLE ${id} DISABLE ROW LEVEL SECURITY`,
        `CREATE POLICY mine ON ${id} USING (true)`,
        `CREATE INDEX ON ${id} ((true))`,
      ]) {
        await expect(client.query(statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
      }
    }
  });

  it('cannot enter another database', async () => {
    const { host, port, user, password } = test.settings;
    for (const database of ['postgres', 'template1']) {
      const other = new pg.Client({ host, port, database, user, password });
      await expect(other.connect()).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    }
  });
});
