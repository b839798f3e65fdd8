import type { Socket } from 'node:net';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase, TestPooler, type TestDatabase } from '@capsule/testing';
import { DatabaseModule } from './database.module.js';
import { insertNote, NotesDatabase, selectTitles } from './notes.fixture.js';
import { Migrator } from './migrations/migrator.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

// A real PgBouncer in transaction mode with ONE session of PostgreSQL behind it, which every transaction of either client
// shares: whatever one leaves behind, the next one meets.

const acme = uuidv7();
const globex = uuidv7();
const QUERY_TIMEOUT_MS = 300;
/** PgBouncer looks for clients that have waited too long every third of a second. */
const QUERY_WAIT_MS = 1_500;

const session = {
  name: 'session',
  text: `SELECT pg_backend_pid() AS pid, NULLIF(current_setting('app.tenant_id', true), '') AS tenant,
                NULLIF(current_setting('app.actor_id', true), '') AS actor,
                NULLIF(current_setting('app.request_id', true), '') AS request,
                current_setting('statement_timeout') AS timeout`,
};
interface Session {
  pid: number;
  tenant: string | null;
  actor: string | null;
  request: string | null;
  timeout: string;
}
const nobody = { tenant: null, actor: null, request: null, timeout: '0' };

describe('behind PgBouncer in transaction mode', () => {
  let test: TestDatabase;
  let pooler: TestPooler;
  let notes: NotesDatabase;
  beforeAll(async () => {
    test = await createTestDatabase('auth');
    pooler = await TestPooler.start(test, { poolSize: 1, queryWaitSeconds: 1 });
    const limits = { poolMax: 2, queryTimeoutMs: QUERY_TIMEOUT_MS };
    notes = await NotesDatabase.create(test, { ...pooler.settings, ...limits });
  });
  beforeEach(async () => {
    await notes.test.asSuperuser((client) => client.query('TRUNCATE notes, folders'));
    await inTenant(acme, (tx) => tx.query(insertNote, [acme, 'of acme']));
    await inTenant(globex, (tx) => tx.query(insertNote, [globex, 'of globex']));
  });
  afterAll(async () => {
    await notes.close();
    await pooler.close();
  });

  const inTenant = <T>(tenantId: string, work: (tx: Transaction) => Promise<T>) =>
    notes.database.withTenant(tenantId, work);

  /** What the session of PostgreSQL has outside of any transaction of ours. */
  async function sessionAtRest(): Promise<Session> {
    const [row] = await notes.dataSource.query<Session[]>(session.text);
    if (row === undefined) throw new Error('There is no session.');
    return row;
  }

  async function observe(tenantId: string) {
    return inTenant(tenantId, async (tx) => {
      const [first] = await tx.query<Session>(session);
      const rows = await tx.query<{ title: string }>(selectTitles);
      const [last] = await tx.query<Session>(session);
      return { first, titles: rows.map(({ title }) => title), last };
    });
  }

  it('gives interleaved transactions of two tenants their own rows and context, all on one session', async () => {
    const { pid } = await sessionAtRest();
    const tenants = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? acme : globex));
    const seen = await Promise.all(
      tenants.map((tenantId, index) =>
        runInContext({ requestId: `request-${index}`, actor: { type: 'user', id: `user-${index}` } }, () =>
          observe(tenantId),
        ),
      ),
    );
    for (const [index, { first, titles, last }] of seen.entries()) {
      const tenant = tenants[index];
      const own = { pid, tenant, actor: `user-${index}`, request: `request-${index}`, timeout: '300ms' };
      expect([first, last]).toEqual([own, own]);
      expect(titles).toEqual([tenant === acme ? 'of acme' : 'of globex']);
    }
    expect(await sessionAtRest()).toEqual({ ...nobody, pid });
  });

  it('gives reads of one statement their own tenant as well', async () => {
    const { pid } = await sessionAtRest();
    const tenants = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? acme : globex));
    const seen = await Promise.all(
      tenants.map((tenantId) => notes.database.readTenant(tenantId, (tx) => tx.query(selectTitles))),
    );
    expect(seen).toEqual(tenants.map((tenantId) => [{ title: tenantId === acme ? 'of acme' : 'of globex' }]));
    expect(await sessionAtRest()).toEqual({ ...nobody, pid });
  });

  it('opens together with the first statement there too, and prepares nothing under a name', async () => {
    const insert = await inTenant(acme, (tx) => tx.query<{ id: string }>(insertNote, [acme, 'another']));
    expect(insert).toHaveLength(1);
    const prepared = await inTenant(acme, (tx) => tx.query('SELECT name FROM pg_prepared_statements'));
    expect(prepared).toEqual([]);
  });

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['the work throws', (tx) => tx.query('SELECT 1').then(() => Promise.reject(new Error('no')))],
    ['the first statement fails', (tx) => tx.query('SELECT 1/0')],
    ['a later statement fails', (tx) => tx.query('SELECT 1').then(() => tx.query('SELECT 1/0'))],
    ['the first statement times out', (tx) => tx.query('SELECT pg_sleep(5)')],
    ['a later statement times out', (tx) => tx.query('SELECT 1').then(() => tx.query('SELECT pg_sleep(5)'))],
    ['a statement of TypeORM times out', (tx) => tx.manager.query('SELECT pg_sleep(5)')],
  ])('leaves no row and no context to the next tenant when %s', async (_, work) => {
    const { pid } = await sessionAtRest();
    const failing = inTenant(acme, async (tx) => {
      await work(tx);
      await tx.query(insertNote, [acme, 'never']);
    });
    const [failure, next] = await Promise.all([failing.catch((error: unknown) => error), observe(globex)]);
    expect(failure).toBeInstanceOf(Error);
    expect(next).toMatchObject({ first: { pid, tenant: globex }, titles: ['of globex'] });
    expect(await sessionAtRest()).toEqual({ ...nobody, pid });
    expect(await notes.titles()).toEqual(['of acme', 'of globex']);
  });

  it('undoes what a client had begun when it vanishes, and serves the next tenant', async () => {
    const failing = inTenant(acme, async (tx) => {
      await tx.query(insertNote, [acme, 'never']);
      const client = (await tx.manager.queryRunner?.connect()) as { connection: { stream: Socket } };
      client.connection.stream.destroy();
      await tx.query('SELECT 1');
    });
    await expect(failing).rejects.toMatchObject({ code: 'platform.upstream.unavailable' });
    expect(await observe(globex)).toMatchObject({ first: { tenant: globex }, titles: ['of globex'] });
    expect(await notes.titles()).toEqual(['of acme', 'of globex']);
  });

  it('answers 503 with a time to wait when the session does not become free in time', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const holding = inTenant(acme, async (tx) => {
      await tx.query('SELECT 1');
      await held;
    });
    const startedAt = performance.now();
    await expect(observe(globex)).rejects.toMatchObject({
      code: 'platform.service.overloaded',
      retryAfterSeconds: 1,
    });
    expect(performance.now() - startedAt).toBeLessThan(2 * QUERY_WAIT_MS);
    release();
    await holding;
    expect(await observe(globex)).toMatchObject({ first: { tenant: globex }, titles: ['of globex'] });
  });

  it('refuses rows of another tenant, and lets nobody in without one', async () => {
    await expect(inTenant(acme, (tx) => tx.query(insertNote, [globex, 'smuggled']))).rejects.toMatchObject({
      code: '42501',
    });
    expect(await notes.database.withoutTenant((tx) => tx.query(selectTitles))).toEqual([]);
    expect(await notes.dataSource.query(selectTitles.text)).toEqual([]);
  });

  it('says what to set to a service that does not know of the pooler, and to migrations', async () => {
    const unaware = { ...pooler.settings, pooler: 'none' as const };
    const [provider] = DatabaseModule.forService(unaware, { entities: [] }).providers ?? [];
    const connect = (provider as { useFactory: () => Promise<unknown> }).useFactory;
    await expect(connect()).rejects.toThrow('services need DATABASE_POOLER=transaction there');
    await expect(new Migrator(pooler.owner, '.').info()).rejects.toThrow(
      'and migrations the server itself (<SERVICE>_SERVICE_DB_DIRECT_HOST and _PORT)',
    );
  });
});
