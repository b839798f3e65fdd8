import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { DatabaseReport } from '@capsule/database/report';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';

const program = join(resolve(import.meta.dirname, '../..'), 'tools/dist/report.js');

describe('npm run db:report', () => {
  let auth: TestDatabase;
  let billing: TestDatabase;
  beforeAll(async () => {
    [auth, billing] = await Promise.all([createTestDatabase('auth'), createTestDatabase('billing')]);
  });
  afterAll(() => Promise.all([auth?.close(), billing?.close()]));

  function report(words: string[], variables: Record<string, string> = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
      encoding: 'utf8',
      env: { ...process.env, ...auth.environment, ...billing.environment, ...variables },
    });
    return { status, stdout, stderr };
  }

  it('tells people what there is and what to do, and ends with 0 when nothing must be done', () => {
    const { status, stdout } = report(['auth']);
    expect([status, stdout]).toEqual([0, expect.stringContaining(`auth: ${auth.settings.name}, PostgreSQL`)]);
    for (const subject of ['connections', 'cache', 'disk', 'transactions', 'migrations']) {
      expect(stdout).toMatch(new RegExp(`^  ${subject} +\\S`, 'm'));
    }
    expect(stdout).toContain('read as auth_backup');
    expect(stdout).toContain('CREATE EXTENSION pg_stat_statements');
  });

  it('counts the statements of a database that the supervisor made', () => {
    const { stdout } = report(['auth', '--json'], {
      AUTH_SERVICE_DB_NAME: process.env['AUTH_SERVICE_DB_NAME'] ?? '',
    });
    const [outcome] = JSON.parse(stdout) as [{ report: DatabaseReport }];
    expect(outcome.report.sections.statements).toMatchObject({ figures: expect.any(Array), findings: [] });
  });

  it('ends with 3 when there is a warning', async () => {
    await billing.asSuperuser((client) =>
      client.query(`CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')`),
    );
    const { status, stdout } = report(['billing']);
    expect([status, stdout]).toEqual([
      3,
      expect.stringContaining('✗ The partitions of events end at 2021-01-01'),
    ]);
  });

  it("shows how the tenants' schemas are, and ends with 3 when some could not be made", async () => {
    const monitor = await createTestDatabase('monitor');
    await monitor.asSuperuser((client) =>
      client.query(`INSERT INTO tenants (id, name, domain, schema_name, state, failure)
        VALUES (uuid_generate_v4(), 'Acme', 'acme', 'tenant_acme', 'failed', 'the disk is full')`),
    );
    const { status, stdout } = report(['monitor'], monitor.environment);
    await monitor.close();
    expect(stdout).toMatch(/^  tenants +1 failed, 0 behind version \d+\.\d+\.\d+; 1 with a failure$/m);
    expect([status, stdout]).toEqual([3, expect.stringContaining('✗ 1 tenants have no schema')]);
    expect(stdout).toContain('npm run db:info:tenants');
    expect(stdout).not.toContain('Nothing to do.');
  });

  it('is JSON for programs, without any password', () => {
    const { status, stdout } = report(['auth', '--json']);
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      [{ service: 'auth', report: expect.objectContaining({ database: auth.settings.name }) }],
    ]);
    const secrets = Object.entries(process.env).filter(([name]) => name.endsWith('_PASSWORD'));
    expect(secrets.length).toBeGreaterThan(10);
    for (const [, secret] of secrets) expect(stdout).not.toContain(secret);
  });

  it('reads the others when one cannot be reached, says which, and ends with 1', () => {
    const { status, stdout, stderr } = report([], { BILLING_SERVICE_DB_NAME: 'no_such_database' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^billing: .*no_such_database/m);
    expect(stdout).toContain(`auth: ${auth.settings.name}`);
  });

  it.each([[['nobody']], [['auth', 'billing']], [['--loud']]])('ends with 2 when asked %j', (words) => {
    expect(report(words)).toMatchObject({ status: 2, stderr: expect.stringContaining('usage:') });
  });

  it('ends with 2 when the environment is not usable', () => {
    const { status, stderr } = report(['auth'], { AUTH_SERVICE_DB_PORT: 'none' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('AUTH_SERVICE_DB_PORT: must be')]);
  });
});
