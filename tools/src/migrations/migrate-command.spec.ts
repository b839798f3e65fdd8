import { execFile, execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';

const workspace = resolve(import.meta.dirname, '../../..');

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
    new Promise<Result>((done) => {
      const environment = Object.assign({}, ...databases.map((each) => each.environment)) as Record<
        string,
        string
      >;
      const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test', ...environment, ...overrides };
      const child = execFile(
        process.execPath,
        ['tools/dist/migrate.js', ...args],
        { cwd: workspace, env },
        (_, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
      );
      child.stdin?.end();
    });
  const json = async (args: string[]): Promise<unknown> =>
    JSON.parse((await run([...args, '--json'])).stdout) as unknown;

  it.each(['info', 'reset'])('says of %s that the platform has to run', async (verb) => {
    expect(await run([verb, 'auth'], { AUTH_SERVICE_DB_PORT: '1' })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^(auth: )?nothing listens on 127\.0\.0\.1:1; start the platform first \(npm start\)\.\n$/,
      ),
    });
  });

  it('prints what it would run, migrates every service, tells what it did, and does nothing the second time', async () => {
    const dry = await run(['dry-run', 'deploy']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('-- V1.0.0__Initial_setup.sql');
    const invalid = await run(['validate', 'deploy']);
    expect(invalid.code).toBe(1);
    expect(invalid.stdout).toMatch(/^deploy: history: V1\.0\.0__Initial_setup\.sql is not applied\.$/m);

    const first = await run(['migrate', 'all']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^deploy: applied V1\.0\.0__Initial_setup\.sql, /m);
    const second = await run(['migrate', 'all']);
    expect(second.stdout).toBe(
      'auth: up to date\nbilling: up to date\ndeploy: up to date\nmonitor: up to date\n',
    );
    expect((await run(['dry-run', 'deploy'])).stdout).toBe('-- deploy: up to date\n');
    expect(await json(['migrate', 'deploy'])).toEqual([{ service: 'deploy', applied: [] }]);
  });

  it('shows the state as a table, and as JSON for programs', async () => {
    const { stdout } = await run(['info', 'auth']);
    expect(stdout).toMatch(/^1\.0\.0 +Initial setup +SQL +Success +\S+Z +auth_owner +\d+ ms$/m);
    const [auth] = (await json(['info', 'auth'])) as { service: string; migrations: unknown[] }[];
    expect(auth).toMatchObject({ service: 'auth' });
    expect(auth?.migrations[0]).toMatchObject({ version: '1.0.0', state: 'Success', type: 'SQL' });
  });

  it('validates by named checks', async () => {
    const checks = (await json(['validate', 'auth'])) as { checks: { name: string; findings: string[] }[] }[];
    expect(checks[0]?.checks[0]).toEqual({ name: 'history', findings: [] });
  });

  it('says why it does not do what would be wrong', async () => {
    expect(await run(['baseline', 'auth', '--version', '1.0.0'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('auth: The history begins with V1.0.0__Initial_setup.sql') as string,
    });
  });

  it('exits with 1 when one database fails, migrates the others, and shows no password', async () => {
    const result = await run(['migrate', 'all'], { AUTH_SERVICE_DB_OWNER_PASSWORD: 'not-the-password' });
    expect(result.code).toBe(1);
    expect(result.stderr).toBe('auth: password authentication failed for user "auth_owner"\n');
    expect(result.stdout).toContain('billing: up to date');
    expect(JSON.stringify(result)).not.toContain('not-the-password');
  });

  it('asks before it drops everything, and migrates anew', async () => {
    expect(await run(['reset', 'auth'])).toMatchObject({ code: 1, stdout: '' });
    const { code, stdout } = await run(['reset', 'auth', '--yes']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^auth: dropped everything, applied V1\.0\.0__Initial_setup\.sql, /m,
      ) as string,
    });
  });

  it.each([
    ['nobody confirms a reset', ['reset', 'auth'], {}, 1, /^Nothing was deleted/],
    [
      'a reset is refused',
      ['reset', 'auth', '--yes'],
      { NODE_ENV: 'production' },
      2,
      /^NODE_ENV is production/,
    ],
    ['it is called wrongly', ['drop', 'all'], {}, 2, /usage:/],
    [
      'the environment is wrong',
      ['info', 'auth'],
      { AUTH_SERVICE_DB_PORT: 'none' },
      2,
      /AUTH_SERVICE_DB_PORT/,
    ],
  ])('answers programs with JSON, too, when %s', async (_, words, overrides, code, message) => {
    const result = await run([...words, '--json'], overrides);
    expect(result).toMatchObject({ code, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      error: { message: expect.stringMatching(message) as string },
    });
  });

  it('exits with 2 and says how it is used when called wrongly', async () => {
    const { code, stdout, stderr } = await run(['drop', 'all']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('usage:');
  });

  it('exits with 2 and lists the faults of the environment', async () => {
    const { code, stderr } = await run(['info', 'auth'], { AUTH_SERVICE_DB_PORT: 'none' });
    expect(code).toBe(2);
    expect(stderr).toContain('AUTH_SERVICE_DB_PORT');
  });
});
