import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import {
  createTestDatabase,
  serviceEnvironment,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';

const workspace = resolve(import.meta.dirname, '../../..');

describe('validate', () => {
  let test: TestDatabase;
  let nats: TestNats;
  beforeAll(async () => {
    execFileSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', 'tools', 'apps/auth'], {
      cwd: workspace,
    });
    [test, nats] = await Promise.all([createTestDatabase('auth'), startTestNats()]);
  });
  afterAll(() => Promise.all([test.close(), nats.stop()]));

  function validate(
    environment: Record<string, string>,
    ...options: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((done) => {
      const child = execFile(
        process.execPath,
        ['tools/dist/migrate.js', 'validate', 'auth', ...options],
        { cwd: workspace, env: { ...process.env, NODE_OPTIONS: '', ...environment } },
        (_, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  it('does without the settings of the service, and says so to people and programs', async () => {
    const reason = 'the settings of the service are not here';
    expect(await validate(test.environment)).toEqual({
      code: 0,
      stdout: `auth: valid, entities not compared: ${reason}\n`,
      stderr: '',
    });
    expect(JSON.parse((await validate(test.environment, '--json')).stdout)).toMatchObject([
      {
        checks: [
          { name: 'history' },
          { name: 'catalogue' },
          { name: 'entities', findings: [], skipped: reason },
        ],
      },
    ]);
  });

  it('finds a migrated database valid, then each thing that was altered in it by hand', async () => {
    // Nobody listens there: nothing but the database has to run.
    const environment = { ...serviceEnvironment('auth', test, nats), NATS_URL: 'nats://127.0.0.1:9' };
    expect(await validate(environment)).toMatchObject({ code: 0, stdout: 'auth: valid\n' });
    await test.asSuperuser((client) =>
      client.query('ALTER TABLE users ALTER name TYPE varchar(20); GRANT DELETE ON users TO auth_user'),
    );
    expect(await validate(environment)).toMatchObject({
      code: 1,
      stdout: [
        'auth: catalogue: table users: column name is character varying(20) NOT NULL, expected text NOT NULL',
        'auth: catalogue: table users: grants to auth_user is DELETE, INSERT, SELECT, expected INSERT, SELECT',
        'auth: entities: users.name is varchar, and User says text',
        '',
      ].join('\n'),
    });
  });

  it('tells what it did find without them, too', async () => {
    const { stdout } = await validate(test.environment);
    expect(stdout).toContain('auth: catalogue: table users');
    expect(stdout).toMatch(/^auth: entities not compared: /m);
  });
});
