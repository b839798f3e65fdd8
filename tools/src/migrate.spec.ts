import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';

const workspace = fileURLToPath(new URL('../..', import.meta.url));

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

describe('the migrate command', () => {
  let databases: TestDatabase[];
  beforeAll(async () => {
    execFileSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', 'tools'], { cwd: workspace });
    databases = await Promise.all([
      createTestDatabase('auth', { isMigrated: false }),
      createTestDatabase('billing', { isMigrated: false }),
      createTestDatabase('deploy', { isMigrated: false }),
      createTestDatabase('monitor', { isMigrated: false }),
    ]);
  });
  afterAll(() => Promise.all(databases.map((each) => each.close())));

  const run = (args: string[], overrides: Record<string, string> = {}) =>
    new Promise<Result>((resolve) => {
      const environment = Object.assign({}, ...databases.map((each) => each.environment)) as Record<
        string,
        string
      >;
      const env = { ...process.env, NODE_OPTIONS: '', ...environment, ...overrides };
      const child = execFile(
        process.execPath,
        ['tools/dist/migrate.js', ...args],
        { cwd: workspace, env },
        (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });

  it('migrates every service, tells what it did, and does nothing the second time', async () => {
    const first = await run(['migrate', 'all']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^deploy: applied V1\.0\.0__Initial_setup\.sql, /m);
    const second = await run(['migrate', 'all']);
    expect(second.stdout).toBe(
      'auth: up to date\nbilling: up to date\ndeploy: up to date\nmonitor: up to date\n',
    );
  });

  it('shows the state as a table, and as JSON for programs', async () => {
    await run(['migrate', 'auth']);
    const { stdout } = await run(['info', 'auth']);
    expect(stdout).toMatch(/^1\.0\.0 +Initial setup +success +\S+Z +auth_owner +\d+ ms$/m);
    const json: unknown = JSON.parse((await run(['info', 'auth', '--json'])).stdout);
    expect(json).toMatchObject([
      { service: 'auth', migrations: [{ version: '1.0.0', state: 'Success' }, {}] },
    ]);
  });

  it('exits with 1 when one database fails, migrates the others, and shows no password', async () => {
    const result = await run(['migrate', 'all'], { AUTH_SERVICE_DB_OWNER_PASSWORD: 'not-the-password' });
    expect(result.code).toBe(1);
    expect(result.stderr).toBe('auth: password authentication failed for user "auth_owner"\n');
    expect(result.stdout).toContain('billing: up to date');
    expect(JSON.stringify(result)).not.toContain('not-the-password');
  });

  it.each([[[]], [['migrate']], [['drop', 'all']], [['migrate', 'nobody']], [['info', 'all', '--force']]])(
    'exits with 2 and says how it is used when called with %j',
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/usage:|Unknown option/);
    },
  );

  it('exits with 2 and lists the faults of the environment', async () => {
    const { code, stderr } = await run(['info', 'auth'], { AUTH_SERVICE_DB_PORT: 'none' });
    expect(code).toBe(2);
    expect(stderr).toContain('AUTH_SERVICE_DB_PORT');
  });
});
