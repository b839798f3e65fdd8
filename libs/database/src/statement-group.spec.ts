import { jest } from '@jest/globals';
import { Socket } from 'node:net';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase } from '@capsule/testing';
import { NotesDatabase } from './notes.fixture.js';
import { together } from './together.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

// These specs stand on pg's inner workings as pg-internals.ts declares them; an upgrade that changes those fails here.

const tenant = uuidv7();
// A table without row-level security: nothing but the transaction itself can keep this from having an effect.
const configure = {
  name: 'configure',
  text: 'UPDATE service_configuration SET settings = settings || $1 RETURNING settings',
};

describe('statements that go to the server together', () => {
  let notes: NotesDatabase;
  beforeAll(async () => {
    notes = await NotesDatabase.create(await createTestDatabase('auth'), { poolMax: 1 });
  });
  afterAll(() => notes.close());

  const backend = async () => {
    const [row] = await notes.dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    return row?.pid;
  };
  const settings = async () => {
    const [row] = await notes.dataSource.query<{ settings: object }[]>(
      'SELECT settings FROM service_configuration',
    );
    return row?.settings;
  };
  const run = (statement: { name: string; text: string } | string, values: unknown[] = []) =>
    notes.database.withTenant(tenant, (tx) => tx.query(statement, values));

  it('does not run the statement when START TRANSACTION fails, and gives the connection up', async () => {
    await run('SELECT 1');
    const before = await backend();
    await notes.dataSource.query('DEALLOCATE capsule_begin');
    await expect(run(configure, [{ leaked: true }])).rejects.toMatchObject({ code: '26000' });
    expect(await settings()).toEqual({});
    expect(await backend()).not.toBe(before);
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('does not run the statement when the context cannot be set', async () => {
    const context = { requestId: 'not\0text' };
    await expect(runInContext(context, () => run(configure, [{ leaked: true }]))).rejects.toMatchObject({
      code: '22021',
    });
    expect(await settings()).toEqual({});
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('keeps the connection, and what is prepared on it, when only the statement fails', async () => {
    await run('SELECT 1');
    const before = await backend();
    const divide = { name: 'divide', text: 'SELECT 1 / $1::integer AS result' };
    await expect(run(divide, [0])).rejects.toMatchObject({ code: '22012' });
    expect(await run(divide, [1])).toEqual([{ result: 1 }]);
    const nonsense = { name: 'nonsense', text: 'SELECT nothing_of_that_name' };
    await expect(run(nonsense)).rejects.toMatchObject({ code: '42703' });
    await expect(run(nonsense)).rejects.toMatchObject({ code: '42703' });
    expect(await backend()).toBe(before);
  });

  it('prepares a named statement once, first in the transaction or not', async () => {
    const named = { name: 'named', text: 'SELECT $1::text AS value' };
    await run(named, ['a']);
    const rows = await notes.database.withTenant(tenant, async (tx) => [
      ...(await tx.query(named, ['b'])),
      ...(await tx.query(named, ['c'])),
      ...(await tx.query('SELECT count(*)::integer AS times FROM pg_prepared_statements WHERE name = $1', [
        'named',
      ])),
    ]);
    expect(rows).toEqual([{ value: 'b' }, { value: 'c' }, { times: 1 }]);
  });

  it('survives a name used for two texts and a parameter that cannot be sent', async () => {
    await run({ name: 'twice', text: 'SELECT 1 AS first' });
    await expect(run({ name: 'twice', text: 'SELECT 2 AS second' })).rejects.toThrow('must be unique');
    const circular: { self?: unknown } = {};
    circular.self = circular;
    await expect(run('SELECT $1::jsonb', [circular])).rejects.toThrow('circular');
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('runs statements that are issued together in order, behind the one that opens', async () => {
    const [first, second, third] = await notes.database.withTenant(tenant, (tx) =>
      Promise.all(
        [1, 2, 3].map((n) =>
          tx.query<{ n: number; tenant: string }>(
            "SELECT $1::integer AS n, current_setting('app.tenant_id') AS tenant",
            [n],
          ),
        ),
      ),
    );
    expect([first, second, third]).toEqual([1, 2, 3].map((n) => [{ n, tenant }]));
  });

  it('fail with the first that fails, which nothing behind it survives', async () => {
    const [before, failing, behind] = await notes.database
      .withTenant(tenant, async (tx) => {
        await tx.query('SELECT 1');
        return Promise.allSettled([
          tx.query('SELECT 1 AS one'),
          tx.query('SELECT 1 / $1::integer', [0]),
          tx.query(configure, [{ leaked: true }]),
        ]).then((outcomes) => Promise.reject(Object.assign(new Error('told'), { outcomes })));
      })
      .catch(({ outcomes }: { outcomes: PromiseSettledResult<unknown>[] }) => outcomes);
    expect(before).toEqual({ status: 'fulfilled', value: [{ one: 1 }] });
    expect(failing).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
    expect(behind).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
    expect(await settings()).toEqual({});
  });

  it('are told by the failure of the first that failed, however long the way of each', async () => {
    const slowly = async (statement: Promise<unknown>): Promise<unknown> => {
      const outcome = await statement.catch((error: Error) => error);
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error('the mapped one', { cause: outcome });
    };
    const work = notes.database.withTenant(tenant, (tx) =>
      together([slowly(tx.query('SELECT 1 / $1::integer', [0])), tx.query('SELECT 1')]),
    );
    await expect(work).rejects.toMatchObject({ message: 'the mapped one', cause: { code: '22012' } });
  });

  it('are prepared again after a failure before them', async () => {
    const named = { name: 'behind', text: 'SELECT $1::text AS value' };
    const together = (divisor: number) =>
      notes.database.withTenant(tenant, (tx) =>
        Promise.all([tx.query('SELECT 1 / $1::integer AS result', [divisor]), tx.query(named, ['a'])]),
      );
    await expect(together(0)).rejects.toMatchObject({ code: '22012' });
    expect(await together(1)).toEqual([[{ result: 1 }], [{ value: 'a' }]]);
  });

  it('are one round trip when work reads with a single statement', async () => {
    await run('SELECT 1');
    const read = () =>
      notes.database.readTenant(tenant, (tx) =>
        tx.query<{ statement: string; tenant: string }>(
          "SELECT query AS statement, current_setting('app.tenant_id') AS tenant FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        ),
      );
    const writes = jest.spyOn(Socket.prototype, 'write');
    const rows = await read();
    expect(writes).toHaveBeenCalledTimes(1);
    writes.mockRestore();
    expect(rows).toMatchObject([{ tenant }]);
  });

  describe('with the commit', () => {
    const write = (tx: Transaction, value: object = { kept: true }) => tx.query(configure, [value]);
    afterEach(() => run("UPDATE service_configuration SET settings = '{}'"));

    it('are one round trip, the opening included', async () => {
      await run('SELECT 1');
      const writes = jest.spyOn(Socket.prototype, 'write');
      await notes.database.withTenant(tenant, (tx) => tx.commitWith(() => together([write(tx), write(tx)])));
      expect(writes).toHaveBeenCalledTimes(1);
      writes.mockRestore();
      expect(await settings()).toEqual({ kept: true });
    });

    it('commit nothing when one of them fails', async () => {
      const work = notes.database.withTenant(tenant, (tx) =>
        tx.commitWith(() => together([write(tx), tx.query('SELECT 1 / $1::integer', [0])])),
      );
      await expect(work).rejects.toMatchObject({ code: '22012' });
      expect(await settings()).toEqual({});
    });

    it('fail with a key that is looked at when the transaction commits', async () => {
      const membership = `INSERT INTO memberships (id, tenant_id, user_id, role)
        VALUES (uuid_generate_v4(), $1, uuid_generate_v4(), 'viewer')`;
      const work = notes.database.withTenant(tenant, async (tx) => {
        await tx.query("INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, 'a', 'a')", [
          tenant,
        ]);
        return tx.commitWith(() => tx.query(membership, [tenant]));
      });
      await expect(work).rejects.toMatchObject({ code: 'platform.request.conflict' });
      expect(await run('SELECT FROM organizations')).toEqual([]);
    });

    it('refuse any behind them, and a commit with none', async () => {
      const late = notes.database.withTenant(tenant, async (tx) => {
        await tx.commitWith(() => tx.query('SELECT 1'));
        return write(tx);
      });
      await expect(late).rejects.toThrow('Work failed behind its commit');
      const none = notes.database.withTenant(tenant, (tx) => tx.commitWith(() => Promise.resolve()));
      await expect(none).rejects.toThrow('nothing to commit with');
      expect(await settings()).toEqual({});
    });

    it('are not run again when the work fails behind them, which is told as what it is', async () => {
      let runs = 0;
      const work = notes.database.withTenant(tenant, async (tx) => {
        runs += 1;
        await tx.commitWith(() => write(tx));
        throw Object.assign(new Error('as after a deadlock'), { code: '40P01' });
      });
      await expect(work).rejects.toMatchObject({
        message: 'Work failed behind its commit.',
        cause: { code: '40P01' },
      });
      expect(runs).toBe(1);
      expect(await settings()).toEqual({ kept: true });
    });

    it('leave it to the end when more is to come', async () => {
      await notes.database.withTenant(tenant, async (tx) => {
        tx.keepOpen();
        await tx.commitWith(() => write(tx));
        await write(tx, { more: true });
      });
      expect(await settings()).toEqual({ kept: true, more: true });
    });
  });

  it('cannot write, nor be followed by others, when the work only reads', async () => {
    await expect(
      notes.database.readTenant(tenant, (tx) => tx.query(configure, [{ leaked: true }])),
    ).rejects.toMatchObject({ code: '25006' });
    await expect(
      notes.database.readTenant(tenant, async (tx) => {
        await tx.query('SELECT 1');
        return tx.query('SELECT 2');
      }),
    ).rejects.toThrow('The transaction has ended');
    expect(await settings()).toEqual({});
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
