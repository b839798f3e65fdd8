import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, Database, type Transaction } from '@capsule/database';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { IdempotentRequests } from './idempotent-requests.js';

const tenantId = randomUUID();
const request = { name: 'shop', size: { width: 1, height: 2 } };

describe('a request with an idempotency key', () => {
  const requests = new IdempotentRequests();
  let testDatabase: TestDatabase;
  let database: Database;
  let effects: number;

  beforeAll(async () => {
    testDatabase = await createTestDatabase('deploy');
    database = new Database(await createDataSource(testDatabase.settings, 'spec', []).initialize());
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.close();
  });
  beforeEach(() => {
    effects = 0;
  });

  async function work(): Promise<{ number: number }> {
    effects += 1;
    return Promise.resolve({ number: effects });
  }

  interface Circumstances {
    body?: unknown;
    operation?: string;
    tenant?: string | null;
    effect?: () => Promise<unknown>;
  }

  function send(idempotencyKey: string | undefined, circumstances: Circumstances = {}): Promise<unknown> {
    const { body = request, operation = 'project.create', tenant = tenantId, effect = work } = circumstances;
    const inTransaction = (tx: Transaction) => requests.once(tx, operation, body, effect);
    return runInContext({ requestId: 'r', idempotencyKey }, () =>
      tenant === null ? database.withoutTenant(inTransaction) : database.withTenant(tenant, inTransaction),
    );
  }

  it('is answered as before when it comes again, in whatever order its fields are', async () => {
    const key = randomUUID();
    const first = await send(key);
    const reordered = { size: { height: 2, width: 1 }, name: 'shop' };
    expect(await send(key, { body: reordered })).toEqual(first);
    expect(effects).toBe(1);
  });

  it('conflicts when the key was used for another request', async () => {
    const key = randomUUID();
    await send(key);
    await expect(send(key, { body: { ...request, name: 'other' } })).rejects.toMatchObject({
      code: 'platform.request.idempotency_key_reused',
      kind: 'conflict',
    });
    expect(effects).toBe(1);
  });

  it('has one effect when twenty come at the same time', async () => {
    const key = randomUUID();
    const slow = async () => {
      await sleep(50);
      return work();
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(key, { effect: slow })));
    expect(answers).toEqual(answers.map(() => ({ number: 1 })));
    expect(effects).toBe(1);
  });

  it('may be tried again after a failure, of which nothing is remembered', async () => {
    const key = randomUUID();
    const failing = () => Promise.reject(new Error('no'));
    await expect(send(key, { effect: failing })).rejects.toThrow('no');
    expect(await send(key)).toEqual({ number: 1 });
  });

  it('shares its key with neither another tenant nor another operation', async () => {
    const key = randomUUID();
    await send(key);
    await send(key, { tenant: randomUUID() });
    await send(key, { operation: 'app.create' });
    await send(key, { tenant: null });
    expect(effects).toBe(4);
    await send(key, { tenant: null });
    expect(effects).toBe(4);
  });

  it('that answers nothing is remembered too', async () => {
    const key = randomUUID();
    const silent = async () => void (await work());
    await send(key, { effect: silent });
    await send(key, { effect: silent });
    expect(effects).toBe(1);
  });

  it('without a key runs each time', async () => {
    await send(undefined);
    await send(undefined);
    expect(effects).toBe(2);
  });
});
