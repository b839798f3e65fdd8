import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';

const root = resolve(import.meta.dirname, '../../..');

describe('the migration targets of nx', () => {
  let database: TestDatabase;
  afterEach(() => database.close());

  it('bring an empty database to the newest version, and tell so', async () => {
    database = await createTestDatabase('auth', { isMigrated: false });
    expect(nx('auth:migration-info').output).toContain('Pending');
    expect(nx('auth:migrate')).toMatchObject({ status: 0 });
    const applied = await database.asSuperuser((client) =>
      client.query('SELECT version FROM flyway_schema_history WHERE success'),
    );
    expect(applied.rows.length).toBeGreaterThan(1);
    const { status, output } = nx('auth:migration-info');
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('Success') });
    expect(output).not.toContain('Pending');
  }, 120_000);

  it("work on the schemas of monitor's tenants, too, whose migrations are among their inputs", async () => {
    database = await createTestDatabase('monitor');
    const id = randomUUID();
    const state = async () => {
      const { rows } = await database.asSuperuser((client) =>
        client.query('SELECT state FROM tenants WHERE id = $1', [id]),
      );
      return rows as unknown[];
    };
    await database.asSuperuser((client) =>
      client.query(
        `INSERT INTO tenants (id, name, domain, schema_name) VALUES ($1, 'Acme', 'acme', 'tenant_acme')`,
        [id],
      ),
    );
    expect(nx('monitor:migration-info')).toMatchObject({ status: 1, output: expect.stringContaining(id) });
    expect(nx('monitor:migration-validate').output).toContain(id);
    expect(await state()).toEqual([{ state: 'provisioning' }]);
    expect(nx('monitor:migrate')).toMatchObject({ status: 0 });
    expect(await state()).toEqual([{ state: 'active' }]);
  }, 120_000);

  function nx(target: string): { status: number | null; output: string } {
    const program = resolve(root, 'node_modules/nx/dist/bin/nx.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'run', target], {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...database.environment,
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        NX_ISOLATE_PLUGINS: 'false',
      },
    });
    return { status, output: stdout + stderr };
  }
});
