import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import type { DatabaseSettings } from '@capsule/config';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { registry } from '@capsule/telemetry';
import { Database } from './database.js';
import { DatabaseModule } from './database.module.js';
import type { Transaction } from './transaction.js';

const IDLE_MS = 30_000;

describe('the pool of a service', () => {
  let test: TestDatabase;
  beforeAll(async () => (test = await createTestDatabase('billing')));
  afterAll(() => test.close());

  async function start(limits: Partial<DatabaseSettings>) {
    const settings = { ...test.settings, ...limits };
    const app = await Test.createTestingModule({
      imports: [DatabaseModule.forService(settings, { entities: [] })],
    }).compile();
    return { app, database: app.get(Database) };
  }

  const connections = () =>
    test.asSuperuser(async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM pg_stat_activity
         WHERE datname = current_database() AND usename = $1`,
        [test.settings.user],
      );
      return rows[0]?.count;
    });

  /** As many transactions as connections, all open at the same time. */
  async function occupy(database: Database, count: number): Promise<void> {
    let arrived = 0;
    let open = (): void => undefined;
    const allArrived = new Promise<void>((resolve) => (open = resolve));
    const meet = async (tx: Transaction) => {
      await tx.query('SELECT 1');
      arrived += 1;
      if (arrived === count) open();
      await allArrived;
    };
    await Promise.all(Array.from({ length: count }, () => database.withoutTenant(meet)));
  }

  it('opens the least number of connections at the start, and keeps them when the others have idled away', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'queueMicrotask', 'Date'] });
    const { app, database } = await start({ poolMin: 2, poolMax: 4 });
    try {
      expect(await connections()).toBe(2);
      await occupy(database, 4);
      expect(await connections()).toBe(4);
      jest.advanceTimersByTime(2 * IDLE_MS);
      jest.useRealTimers();
      while ((await connections()) !== 2) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await registry.metrics()).toMatch(/^capsule_database_pool_connections\{state="idle"\} 2$/m);
    } finally {
      jest.useRealTimers();
      await app.close();
    }
  });

  it('opens no more connections than it may', async () => {
    const { app } = await start({ poolMin: 5, poolMax: 1 });
    expect(await connections()).toBe(1);
    await app.close();
  });

  it('has the server enforce the time-outs', async () => {
    const { app, database } = await start({ queryTimeoutMs: 7_000 });
    const settings = await database.withoutTenant((tx) =>
      tx.query(
        `SELECT name, setting FROM pg_settings
         WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`,
      ),
    );
    expect(settings).toEqual([
      { name: 'idle_in_transaction_session_timeout', setting: '60000' },
      { name: 'lock_timeout', setting: '7000' },
      { name: 'statement_timeout', setting: '7000' },
    ]);
    await app.close();
  });
});
