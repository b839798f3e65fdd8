import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestDatabase } from '@capsule/testing';
import { migrateTenants } from './migrate-tenants.js';
import { schemaOf, TenantsFixture } from './tenants.fixture.js';

const run = promisify(execFile);

/** The statements of "Restore or move one tenant" in docs/runbooks/tenants.md. */
describe('one tenant, restored or moved alone', () => {
  let tenants: TenantsFixture;
  let folder: string;
  let dumped: string;
  beforeEach(async () => {
    [tenants, folder] = await Promise.all([
      TenantsFixture.create(),
      mkdtemp(join(tmpdir(), 'capsule-tenant-dump-')),
    ]);
    dumped = join(folder, 'tenant.dump');
  });
  afterEach(async () => {
    await tenants?.close();
    await rm(folder, { recursive: true });
  });

  async function program(name: string, as: TestDatabase['owner'], ...words: string[]): Promise<void> {
    const { host, port, user, password } = as;
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    await run(join(process.env['CAPSULE_TEST_POSTGRES_BIN'] ?? '', name), ['--no-password', ...words], {
      env,
    });
  }
  const dump = (...which: string[]) => {
    const { backup } = tenants.test;
    return program('pg_dump', backup, '--format', 'custom', '--file', dumped, ...which, backup.name);
  };
  const restore = ({ test }: TenantsFixture, ...which: string[]) =>
    program('pg_restore', test.owner, '--exit-on-error', ...which, '--dbname', test.owner.name, dumped);

  const addDashboard = ({ id, schema }: { id: string; schema: string }, name: string) =>
    tenants.database.withTenant(id, (tx) =>
      tx.query(`INSERT INTO ${schema}.dashboard_configs (name, widgets) VALUES ($1, '[]')`, [name]),
    );
  const dashboards = ({ database }: TenantsFixture, { id, schema }: { id: string; schema: string }) =>
    database.withTenant(id, (tx) => tx.query(`SELECT name FROM ${schema}.dashboard_configs ORDER BY name`));
  const migrate = ({ test }: TenantsFixture) => migrateTenants(test.owner, 1);

  it('is active again with its documents as they were in the dump of everything, and nobody else has moved', async () => {
    const [restored, other] = [await tenants.make(), await tenants.make()];
    const { id, schema } = restored;
    await addDashboard(restored, 'kept');
    await dump();
    await Promise.all([addDashboard(restored, 'regretted'), addDashboard(other, 'of another')]);

    await tenants.rows(
      "UPDATE tenants SET state = 'provisioning', next_attempt_at = 'infinity' WHERE id = $1",
      [id],
    );
    await tenants.rows(`ALTER SCHEMA ${schema} RENAME TO before_the_restore`);
    await tenants.rows(`CREATE SCHEMA ${schema} AUTHORIZATION monitor_owner`);
    await tenants.rows(`GRANT USAGE ON SCHEMA ${schema} TO monitor_user`);
    await restore(tenants, '--schema', schemaOf(id));
    // A member who joined after the dump.
    await tenants.rows(
      `INSERT INTO before_the_restore.users (id, email, name, role, joined_at)
       VALUES ($1, 'ada@example.com', 'Ada', 'owner', now())`,
      [id],
    );
    await tenants.rows(
      `INSERT INTO ${schema}.users SELECT * FROM before_the_restore.users
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role`,
    );
    await tenants.rows("UPDATE tenants SET state = 'provisioning', next_attempt_at = now() WHERE id = $1", [
      id,
    ]);

    expect(await migrate(tenants)).toMatchObject({ failed: [] });
    expect(await tenants.row(id)).toMatchObject({ state: 'active', schema_version: '1.0.0' });
    expect(await dashboards(tenants, restored)).toEqual([{ name: 'kept' }]);
    expect(await tenants.rows(`SELECT id FROM ${schema}.users`)).toEqual([{ id }]);
    expect(await dashboards(tenants, other)).toEqual([{ name: 'of another' }]);
  });

  it('is active on another server, under a new row of its registry and another name', async () => {
    const { id, schema } = await tenants.make();
    await addDashboard({ id, schema }, 'kept');
    await dump('--schema', schemaOf(id));
    const elsewhere = await TenantsFixture.create();
    try {
      await restore(elsewhere);
      await elsewhere.rows(`ALTER SCHEMA ${schema} RENAME TO tenant_moved`);
      await elsewhere.rows(
        "INSERT INTO tenants (id, name, domain, schema_name) VALUES ($1, 'Acme', 'acme', 'tenant_moved')",
        [id],
      );
      expect(await migrate(elsewhere)).toMatchObject({ failed: [] });
      expect(await elsewhere.row(id)).toMatchObject({ state: 'active', schema_version: '1.0.0' });
      expect(await dashboards(elsewhere, { id, schema: 'tenant_moved' })).toEqual([{ name: 'kept' }]);
    } finally {
      await elsewhere.close();
    }
  });
});
