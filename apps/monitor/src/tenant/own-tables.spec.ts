import { randomUUID } from 'node:crypto';
import { TenantsFixture } from '../provisioning/tenants.fixture.js';
import { ownTablesOf } from './own-tables.js';

const INSUFFICIENT_PRIVILEGE = '42501';

const INSERTS: Record<string, string> = {
  users: "(id, email, name, role, joined_at) VALUES (uuid_generate_v4(), 'a@b.c', 'A', 'owner', now())",
  metrics_sessions: "(user_id, client, started_at) VALUES (uuid_generate_v4(), 'cli', now())",
  dashboard_configs: "(name, widgets) VALUES ('Main', '[]')",
};

describe("the tables in a tenant's schema", () => {
  let tenants: TenantsFixture;
  let acme: { id: string; schema: string };
  let globex: { id: string; schema: string };

  beforeAll(async () => {
    tenants = await TenantsFixture.create();
    [acme, globex] = [await tenants.make(), await tenants.make()];
    for (const { id, schema } of [acme, globex]) {
      await as(
        id,
        ...Object.entries(INSERTS).map(([table, rest]) => `INSERT INTO ${schema}.${table} ${rest}`),
      );
      await as(
        id,
        `INSERT INTO ${schema}.tool_metrics (session_id, tool, duration_ms, succeeded, used_at)
         SELECT id, 'test', 1, true, now() FROM ${schema}.metrics_sessions`,
      );
    }
  });
  afterAll(() => tenants?.close());

  async function as(tenantId: string | null, ...statements: string[]): Promise<unknown[]> {
    const work = async (tx: { query(text: string): Promise<unknown[]> }) => {
      let rows: unknown[] = [];
      for (const statement of statements) rows = await tx.query(statement);
      return rows;
    };
    return tenantId === null
      ? tenants.database.withoutTenant(work)
      : tenants.database.withTenant(tenantId, work);
  }

  const all = ['users', 'metrics_sessions', 'tool_metrics', 'dashboard_configs'];

  it.each(all)(
    '%s has forced row-level security, a policy, and audit columns with their trigger',
    async (table) => {
      const [row] = await tenants.rows(
        `SELECT c.relrowsecurity, c.relforcerowsecurity,
              (SELECT count(*)::integer FROM pg_policy WHERE polrelid = c.oid) AS policies,
              EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'set_updated_at') AS audited,
              (SELECT count(*)::integer FROM pg_attribute WHERE attrelid = c.oid
               AND attname IN ('created_at', 'updated_at', 'created_by', 'updated_by')) AS audit_columns
       FROM pg_class c WHERE c.oid = $1::regclass`,
        [`${acme.schema}.${table}`],
      );
      expect(row).toEqual({
        relrowsecurity: true,
        relforcerowsecurity: true,
        policies: 1,
        audited: true,
        audit_columns: 4,
      });
    },
  );

  it.each(all)('%s shows its rows to its tenant, and to nobody else who names it', async (table) => {
    const count = `SELECT count(*)::integer AS count FROM ${acme.schema}.${table}`;
    expect(await as(acme.id, count)).toEqual([{ count: 1 }]);
    expect(await as(globex.id, count)).toEqual([{ count: 0 }]);
    expect(await as(randomUUID(), count)).toEqual([{ count: 0 }]);
    expect(await as(null, count)).toEqual([{ count: 0 }]);
  });

  it.each(Object.entries(INSERTS))(
    '%s takes no row from another tenant, or from none',
    async (table, rest) => {
      const insert = `INSERT INTO ${acme.schema}.${table} ${rest}`;
      await expect(as(globex.id, insert)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
      await expect(as(null, insert)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    },
  );

  it('are neither changed nor emptied by another tenant', async () => {
    await as(globex.id, `UPDATE ${acme.schema}.dashboard_configs SET name = 'Taken'`);
    await as(globex.id, `DELETE FROM ${acme.schema}.dashboard_configs`);
    expect(await as(acme.id, `SELECT name FROM ${acme.schema}.dashboard_configs`)).toEqual([
      { name: 'Main' },
    ]);
  });

  it('bind the owner too', async () => {
    const rows = await tenants.test.asSuperuser(async (client) => {
      await client.query('SET ROLE monitor_owner');
      return (await client.query(`SELECT FROM ${acme.schema}.users`)).rows;
    });
    expect(rows).toEqual([]);
  });

  it.each([
    ['be altered', (schema: string) => `ALTER TABLE ${schema}.users ADD COLUMN mine text`],
    ['be dropped', (schema: string) => `DROP TABLE ${schema}.users`],
    ['be truncated', (schema: string) => `TRUNCATE ${schema}.users`],
    ['lose their policy', (schema: string) => `DROP POLICY tenant ON ${schema}.users`],
    ['be joined by another', (schema: string) => `CREATE TABLE ${schema}.mine ()`],
    ['lose a user', (schema: string) => `DELETE FROM ${schema}.users`],
    ['lose a measurement', (schema: string) => `DELETE FROM ${schema}.tool_metrics`],
    ['have their history read', (schema: string) => `SELECT FROM ${schema}.flyway_schema_history`],
  ])('cannot %s by the service', async (_, statement) => {
    await expect(as(acme.id, statement(acme.schema))).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
  });

  it('are named with a quoted schema, and only by what can be a name of one', () => {
    expect(ownTablesOf('tenant_a1').users).toBe('"tenant_a1"."users"');
    for (const name of [
      'public',
      'tenant_',
      'tenant_a"; DROP TABLE tenants; --',
      'Tenant_a',
      `tenant_${'a'.repeat(57)}`,
    ]) {
      expect(() => ownTablesOf(name)).toThrow('no name');
    }
  });
});
