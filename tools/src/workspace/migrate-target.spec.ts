import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';

const root = resolve(import.meta.dirname, '../../..');

describe('nx run auth:migrate', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('auth', { isMigrated: false });
  });

  afterAll(() => database.close());

  it('brings an empty database to the newest version, and auth:migration-info tells so', async () => {
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
