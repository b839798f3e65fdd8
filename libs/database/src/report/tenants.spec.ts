import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import type { Ask } from './section.js';
import { readTenants } from './tenants.js';

/** Two are as they should be: one is served, one is being made. None has tables that the triggers would look into. */
const TENANTS = `
  SET session_replication_role = replica;
  INSERT INTO tenants (id, name, domain, schema_name, state, schema_version, failure, next_attempt_at)
  SELECT uuid_generate_v4(), 'Acme', name, 'tenant_' || name, state, version, failure, now() + due::interval
  FROM (VALUES
    ('served', 'active', '999.0.0', NULL, '-1 day'),
    ('served_by_an_older_one', 'active', '0.9.0', NULL, '-1 day'),
    ('stuck_at_an_older_one', 'active', '0.9.0', 'a constraint', '5 minutes'),
    ('being_made', 'provisioning', NULL, NULL, '0'),
    ('made_by_nobody', 'provisioning', NULL, NULL, '-2 minutes'),
    ('not_to_be_made', 'failed', NULL, 'no room', '5 minutes')
  ) AS tenant (name, state, version, failure, due)`;

describe("the report on tenants' schemas", () => {
  let monitor: TestDatabase;
  beforeAll(async () => {
    monitor = await createTestDatabase('monitor');
  });
  afterAll(() => monitor?.close());

  async function readAs(login: { user?: string; password?: string }, test = monitor, service = 'monitor') {
    const { host, port, name } = test.settings;
    const client = new pg.Client({ host, port, database: name, ...login });
    await client.connect();
    const ask: Ask = async <Row>(statement: string, parameters: readonly unknown[] = []) =>
      (await client.query(statement, [...parameters])).rows as Row[];
    return readTenants(ask, service).finally(() => client.end());
  }
  const asBackup = () =>
    readAs({
      user: process.env['MONITOR_SERVICE_DB_BACKUP_USER'],
      password: process.env['MONITOR_SERVICE_DB_BACKUP_PASSWORD'],
    });

  it('finds nothing to do while there is none', async () => {
    expect(await asBackup()).toMatchObject({ figures: { byState: {}, behind: 0 }, findings: [] });
  });

  it('counts those that failed, are behind or wait for nobody, and names the command that tells which', async () => {
    await monitor.asSuperuser((client) => client.query(TENANTS));
    const { figures, findings } = await asBackup();
    expect(figures).toMatchObject({
      byState: { active: 3, failed: 1, provisioning: 2 },
      behind: 2,
      withFailure: 2,
      overdue: 1,
    });
    expect(findings).toMatchObject([
      { severity: 'warning', finding: expect.stringMatching(/^1 tenants have no schema/) },
      { severity: 'warning', finding: expect.stringMatching(/^2 tenants are behind version \d+\.\d+\.\d+/) },
      { severity: 'warning', finding: expect.stringMatching(/^1 tenants wait/) },
    ]);
    expect(findings[0]?.recommendation).toContain('npm run db:info:tenants');
    expect(findings[1]?.recommendation).toContain('npm run db:info:tenants');
  });

  it("is told the states when the service's own role asks, which sees no tenant but its own", async () => {
    const { figures, findings } = await readAs(monitor.settings);
    expect(figures).toMatchObject({
      byState: { active: 3, failed: 1, provisioning: 2 },
      behind: null,
      withFailure: null,
      overdue: null,
    });
    expect(findings).toMatchObject([{ severity: 'warning', finding: expect.stringMatching(/^1 tenants/) }]);
  });

  it('has nothing to say of a service without such schemas', async () => {
    const auth = await createTestDatabase('auth');
    expect(await readAs(auth.settings, auth, 'auth')).toEqual({ figures: null, findings: [] });
    await auth.close();
  });
});
