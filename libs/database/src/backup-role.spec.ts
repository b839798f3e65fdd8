import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';

const INSUFFICIENT_PRIVILEGE = '42501';
const run = promisify(execFile);

describe('the role that backs up', () => {
  let test: TestDatabase;
  let backup: pg.Client;
  beforeAll(async () => {
    test = await createTestDatabase('billing');
    backup = new pg.Client({ ...test.backup, database: test.backup.name });
    await backup.connect();
    await test.asSuperuser((client) =>
      client.query(`INSERT INTO customers (tenant_id, name, email, currency)
        SELECT uuid_generate_v4(), 'customer ' || n, 'a@example.com', 'EUR' FROM generate_series(1, 3) AS n`),
    );
  });
  afterAll(async () => {
    await backup.end();
    await test.close();
  });

  const dump = async ({ host, port, name, user, password } = test.backup) => {
    const program = join(process.env['CAPSULE_TEST_POSTGRES_BIN'] ?? '', 'pg_dump');
    const { stdout } = await run(program, ['--no-password', name], {
      env: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
      maxBuffer: 50_000_000,
    });
    return stdout;
  };

  it('dumps the rows of all tenants', async () => {
    const text = await dump();
    for (const n of [1, 2, 3]) expect(text).toContain(`customer ${n}\ta@example.com`);
    expect(text).toContain('CREATE POLICY tenant ON public.customers');
  });

  it('is needed: a dump by the owner, whom policies bind, fails instead of lacking rows', async () => {
    await expect(dump(test.owner)).rejects.toThrow('affected by row-level security policy');
  });

  it('dumps tables and schemas that came after it, without anybody granting anything', async () => {
    const owner = new pg.Client({ ...test.owner, database: test.owner.name });
    await owner.connect();
    await owner.query(`CREATE SCHEMA tenant_acme; CREATE TABLE tenant_acme.notes (title text, n bigserial)`);
    await owner.query(`ALTER TABLE tenant_acme.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY tenant ON tenant_acme.notes USING (false)`);
    await owner.end();
    await test.asSuperuser((client) => client.query("INSERT INTO tenant_acme.notes VALUES ('of acme')"));
    expect(await dump()).toContain('of acme\t1');
  });

  it.each([
    ['insert', "INSERT INTO plans (code, name, position, entitlements) VALUES ('x', 'x', 9, '{}')"],
    ['update', "UPDATE customers SET name = ''"],
    ['delete', 'DELETE FROM customers'],
    ['truncate', 'TRUNCATE customers'],
    ['hold rows back', 'SELECT FROM customers FOR UPDATE'],
    ['create a table', 'CREATE TABLE mine ()'],
    ['create a temporary table', 'CREATE TEMPORARY TABLE mine ()'],
    ['create a schema', 'CREATE SCHEMA mine'],
    ['create a role', 'CREATE ROLE mine'],
    ['alter a table', 'ALTER TABLE customers ADD COLUMN mine text'],
    ['drop a table', 'DROP TABLE customers'],
    ['disable a trigger', 'ALTER TABLE customers DISABLE TRIGGER ALL'],
    ['advance a sequence', "SELECT nextval('tenant_acme.notes_n_seq')"],
    ['call what claims work', 'SELECT outbox_depth()'],
    ['delete by a function', 'SELECT purge_history(1)'],
    ['act as the owner', 'SET ROLE billing_owner'],
    ['act as the role that claims', 'SET ROLE billing_claimer'],
    ['act as the service', 'SET ROLE billing_user'],
    ['read files of the server', "SELECT pg_read_file('/etc/passwd')"],
    ['run programs on the server', "COPY (SELECT 1) TO PROGRAM 'true'"],
  ])('cannot %s', async (_, statement) => {
    await expect(backup.query(statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it('cannot enter another database', async () => {
    for (const database of ['postgres', 'template1']) {
      const other = new pg.Client({ ...test.backup, database });
      await expect(other.connect()).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    }
  });
});
