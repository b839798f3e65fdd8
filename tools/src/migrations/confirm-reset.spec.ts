import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import pg from 'pg';
import { confirmReset, isLoopback, requireResettable, ResetRefusedError } from './confirm-reset.js';
import { serviceDatabase, type ServiceDatabase } from './service-database.js';

describe('a reset', () => {
  let test: TestDatabase;
  let database: ServiceDatabase;
  beforeAll(async () => {
    test = await createTestDatabase('auth', { isMigrated: false });
    database = serviceDatabase('auth', { ...process.env, ...test.environment });
  });
  afterAll(() => test.close());

  const on = (host: string): ServiceDatabase => ({ ...database, owner: { ...database.owner, host } });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '/run/postgresql'])(
    'is for databases of this machine, such as one on %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['10.0.0.1', 'db.example.com', '127.0.0.1.example.com', '2001:db8::1'])(
    'refuses to empty databases on %s, whoever confirms it',
    async (host) => {
      await expect(requireResettable([database, on(host)], {})).rejects.toThrow(
        `The database of auth is on ${host}`,
      );
    },
  );

  it('refuses in production, and where NODE_ENV is misspelt', async () => {
    const inStage = (stage: string) => requireResettable([database], { NODE_ENV: stage });
    await expect(inStage('production')).rejects.toThrow(ResetRefusedError);
    await expect(inStage('Production')).rejects.toThrow('NODE_ENV');
    await expect(inStage('development')).resolves.toBeUndefined();
  });

  it('refuses while somebody works as the role of the service, and names them', async () => {
    const { user, password, host, port, name } = test.settings;
    const service = new pg.Client({ user, password, host, port, database: name, application_name: 'auth' });
    await service.connect();
    await expect(requireResettable([database], {})).rejects.toThrow(
      /^auth: auth as auth_user \(backends \d+\)$/m,
    );
    await service.end();
    await test.asSuperuser(async (client) => {
      const count = async () =>
        (
          await client.query(
            "SELECT FROM pg_stat_activity WHERE usename = 'auth_user' AND datname = current_database()",
          )
        ).rowCount;
      while ((await count()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await expect(requireResettable([database], {})).resolves.toBeUndefined();
  });

  describe('is confirmed', () => {
    const terminal = (typed: string) => {
      const [input, output] = [new PassThrough(), new PassThrough()];
      input.end(typed);
      return { input: Object.assign(input, { isTTY: true }), output };
    };

    it('by yes, after it has named the databases', async () => {
      const { input, output } = terminal('yes\n');
      expect(await confirmReset([database], { input, output })).toBe(true);
      output.end();
      expect(await text(output)).toContain(
        `every row of ${database.owner.name} (port ${database.owner.port})`,
      );
    });

    it.each([['y\n'], ['no\n'], ['\n'], ['']])('by nothing else, such as %j', async (typed) => {
      expect(await confirmReset([database], terminal(typed))).toBe(false);
    });

    it('not by Ctrl-C', async () => {
      const { input, output } = terminal('\u0003');
      // Where both ends are a terminal, its keys are read one by one.
      const keys = Object.assign(output, { isTTY: true });
      expect(await confirmReset([database], { input, output: keys })).toBe(false);
    });

    it('by nobody where there is no terminal', async () => {
      const { input, output } = terminal('yes\n');
      expect(await confirmReset([database], { input: Object.assign(input, { isTTY: false }), output })).toBe(
        false,
      );
    });
  });
});
