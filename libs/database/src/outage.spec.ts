import type { Socket } from 'node:net';
import { DomainError } from '@capsule/errors';
import { createTestDatabase } from '@capsule/testing';
import { insertNote, NotesDatabase } from './notes.fixture.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

const tenant = uuidv7();
const QUERY_TIMEOUT_MS = 300;

describe('a database that is too slow or goes away in the middle', () => {
  let notes: NotesDatabase;
  beforeAll(async () => {
    const limits = { poolMax: 2, queryTimeoutMs: QUERY_TIMEOUT_MS };
    notes = await NotesDatabase.create(await createTestDatabase('auth'), limits);
  });
  // Whatever happened, the pool is whole again and nothing was written.
  afterEach(async () => {
    const both = [1, 2].map(() => inTenant((tx) => tx.query('SELECT 1 AS one')));
    expect(await Promise.all(both)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    expect(await notes.titles()).toEqual([]);
  });
  afterAll(() => notes.close());

  const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => notes.database.withTenant(tenant, work);

  /** The transaction's connection is ended by the server, as when it shuts down. */
  async function endedByServer(tx: Transaction): Promise<void> {
    const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await notes.test.asSuperuser((client) => client.query('SELECT pg_terminate_backend($1)', [own?.pid]));
  }

  /** The transaction's connection is reset, as when the server's machine went away. */
  async function reset(tx: Transaction): Promise<void> {
    const client = (await tx.manager.queryRunner?.connect()) as { connection: { stream: Socket } };
    client.connection.stream.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['a statement of SQL', (tx) => tx.query('SELECT pg_sleep(5)')],
    ['a statement of TypeORM', (tx) => tx.manager.query('SELECT pg_sleep(5)')],
  ])('answers 504 when %s takes too long', async (_, work) => {
    const failing = inTenant(async (tx) => {
      await tx.query(insertNote, [tenant, uuidv7()]);
      await work(tx);
    });
    await expect(failing).rejects.toMatchObject({ code: 'platform.upstream.timeout', kind: 'timeout' });
  });

  it('answers 504 when another transaction holds a lock for too long', async () => {
    const table = 'LOCK TABLE notes IN ACCESS EXCLUSIVE MODE';
    await notes.test.asSuperuser(async (client) => {
      await client.query(`BEGIN; ${table}`);
      const waiting = inTenant((tx) => tx.query(insertNote, [tenant, uuidv7()]));
      await expect(waiting).rejects.toMatchObject({ code: 'platform.upstream.timeout' });
    });
  });

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['ends while a statement runs', (tx) => tx.query('SELECT pg_terminate_backend(pg_backend_pid())')],
    ['ended between two statements', (tx) => endedByServer(tx).then(() => tx.query('SELECT 1'))],
    [
      "ended before TypeORM's next statement",
      (tx) => endedByServer(tx).then(() => tx.manager.query('SELECT 1')),
    ],
    ['ended before the commit', endedByServer],
    ['is reset while a statement runs', (tx) => Promise.all([tx.query('SELECT pg_sleep(5)'), reset(tx)])],
    ['was reset between two statements', (tx) => reset(tx).then(() => tx.query('SELECT 1'))],
    ['was reset before the commit', reset],
  ])('answers 503 with a time to wait when its connection %s', async (_, work) => {
    const failing = inTenant(async (tx) => {
      await tx.query(insertNote, [tenant, uuidv7()]);
      await work(tx);
    });
    await expect(failing).rejects.toMatchObject({
      code: 'platform.upstream.unavailable',
      kind: 'unavailable',
      retryAfterSeconds: 1,
    });
  });

  it.each([
    ['the disk is full', '53100'],
    ['memory is short', '53200'],
  ])('answers 503 with a time to wait when the server says that %s', async (_, sqlState) => {
    const failing = inTenant(async (tx) => {
      await tx.query(insertNote, [tenant, uuidv7()]);
      await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '${sqlState}'; END $$`);
    });
    await expect(failing).rejects.toMatchObject({
      code: 'platform.service.overloaded',
      kind: 'unavailable',
      retryAfterSeconds: 1,
    });
  });

  it('leaves the decision of the work alone, whatever became of the connection', async () => {
    const decided = new DomainError('auth.user.email_taken');
    const failing = inTenant(async (tx) => {
      await endedByServer(tx);
      throw decided;
    });
    await expect(failing).rejects.toBe(decided);
  });
});
