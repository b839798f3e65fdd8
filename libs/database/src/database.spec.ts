import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { DomainError } from '@capsule/errors';
import { registry } from '@capsule/telemetry';
import { createTestDatabase } from '@capsule/testing';
import { translateConstraint } from './constraint-errors.js';
import { insertNote, Note, NotesDatabase, selectTitles } from './notes.fixture.js';
import { registerPoolGauges } from './pool-metrics.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

const tenant = uuidv7();

describe('Database', () => {
  let notes: NotesDatabase;
  beforeAll(async () => {
    notes = await NotesDatabase.create(await createTestDatabase('auth'), { poolMax: 3, poolTimeoutMs: 300 });
  });
  afterEach(() => notes.test.asSuperuser((client) => client.query('TRUNCATE notes, folders')));
  afterAll(() => notes.close());

  const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => notes.database.withTenant(tenant, work);
  const save = (tx: Transaction, title: string) =>
    tx.manager.save(tx.manager.create(Note, { tenantId: tenant, title }));

  it('commits what TypeORM and SQL wrote together', async () => {
    await inTenant(async (tx) => {
      await save(tx, 'saved');
      await tx.query(insertNote, [tenant, 'inserted']);
    });
    expect(await notes.titles()).toEqual(['inserted', 'saved']);
  });

  it('persists nothing when the work saves and then throws', async () => {
    const failed = inTenant(async (tx) => {
      await save(tx, 'saved');
      await tx.manager.transaction((nested) =>
        nested.save(nested.create(Note, { tenantId: tenant, title: 'n' })),
      );
      await tx.query(insertNote, [tenant, 'inserted']);
      throw new Error('after saving');
    });
    await expect(failed).rejects.toThrow('after saving');
    expect(await notes.titles()).toEqual([]);
  });

  it('makes a transaction of TypeORM inside of it a savepoint, which fails alone', async () => {
    await inTenant(async (tx) => {
      await save(tx, 'outer');
      await tx.manager.transaction((nested) =>
        nested.save(nested.create(Note, { tenantId: tenant, title: 'inner' })),
      );
      const failing = tx.manager.transaction(async (nested) => {
        await nested.save(nested.create(Note, { tenantId: tenant, title: 'undone' }));
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
    });
    expect(await notes.titles()).toEqual(['inner', 'outer']);
  });

  it('refuses statements of TypeORM too when the transaction has ended', async () => {
    const { manager, tx } = await inTenant((open) => Promise.resolve({ manager: open.manager, tx: open }));
    await expect(manager.query('SELECT 1')).rejects.toThrow('released');
    expect(() => tx.manager).toThrow('has ended');
  });

  it('persists nothing when the work swallows a failed statement, and says so', async () => {
    const failed = inTenant(async (tx) => {
      await tx.query(insertNote, [tenant, 'before']);
      await tx.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(failed).rejects.toThrow('A statement of the transaction failed');
    expect(await notes.titles()).toEqual([]);
  });

  it('makes version 7 ids and keeps audit columns by the context, whatever the entity says', async () => {
    const note = await inTenant((tx) => save(tx, 'first'));
    expect(note.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(note.createdAt).toBeInstanceOf(Date);
    await inTenant(async (tx) => {
      const stored = await tx.manager.findOneByOrFail(Note, { id: note.id });
      await tx.manager.save(Object.assign(stored, { title: 'second', createdAt: new Date(0) }));
    });
    const after = await inTenant((tx) => tx.manager.findOneByOrFail(Note, { id: note.id }));
    expect(after).toMatchObject({ title: 'second', createdAt: note.createdAt, createdBy: null });
    expect(after.updatedAt.getTime()).toBeGreaterThan(note.createdAt.getTime());
  });

  it('opens, sets the context and runs the first statement in one round trip; without a statement it sends nothing', async () => {
    // One write to the socket opens, asks and reads; the other commits.
    expect(await writesOf(notes, (tx) => tx.query(selectTitles))).toBe(2);
    expect(await writesOf(notes, () => Promise.resolve())).toBe(0);
  });

  it('runs callbacks after the commit, and none when there was none', async () => {
    const seen: string[] = [];
    await inTenant(async (tx) => {
      tx.afterCommit(() => seen.push('committed'));
      await tx.query(insertNote, [tenant, 'x']);
      seen.push('worked');
    });
    await inTenant((tx) => {
      tx.afterCommit(() => seen.push('never'));
      return Promise.reject(new Error('no'));
    }).catch(() => undefined);
    expect(seen).toEqual(['worked', 'committed']);
  });

  it('stands by a commit when a callback after it throws, and runs the others', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const seen: string[] = [];
    await inTenant(async (tx) => {
      tx.afterCommit(() => {
        throw new Error('no');
      });
      tx.afterCommit(() => seen.push('second'));
      await tx.query(insertNote, [tenant, 'kept']);
    });
    expect(seen).toEqual(['second']);
    expect(await notes.titles()).toEqual(['kept']);
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it('refuses statements of a transaction that has ended', async () => {
    const kept = await inTenant((tx) => Promise.resolve([tx]));
    await expect(kept[0]?.query(insertNote, [tenant, 'late'])).rejects.toThrow('has ended');
    let late: Promise<unknown> | undefined;
    await inTenant(async (tx) => {
      await tx.query('SELECT 1');
      setImmediate(() => (late = tx.query(insertNote, [tenant, 'late']).catch((error: unknown) => error)));
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await late).toMatchObject({ message: expect.stringContaining('has ended') });
    expect(await notes.titles()).toEqual([]);
  });

  it('answers 503 with a time to wait when no connection becomes free, and recovers', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const holders = Array.from({ length: 3 }, () =>
      inTenant(async (tx) => {
        await tx.query('SELECT 1');
        await held;
      }),
    );
    await expect(inTenant((tx) => tx.query('SELECT 1'))).rejects.toMatchObject({
      code: 'platform.service.overloaded',
      kind: 'unavailable',
      retryAfterSeconds: 1,
    });
    release();
    await Promise.all(holders);
    expect(await inTenant((tx) => tx.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('turns violated constraints into the code that a repository names, and into a conflict otherwise', async () => {
    const twice = async (tx: Transaction) => {
      await tx.query(insertNote, [tenant, 'same']);
      await tx.query(insertNote, [tenant, 'same']);
    };
    await expect(inTenant(twice)).rejects.toMatchObject({ code: 'platform.request.conflict' });
    const mapped = inTenant(async (tx) => {
      try {
        await save(tx, 'same');
        await save(tx, 'same');
      } catch (error) {
        throw translateConstraint(error, { uq_notes__title: 'auth.user.email_taken' });
      }
    });
    await expect(mapped).rejects.toThrow(DomainError);
    await expect(mapped).rejects.toMatchObject({ code: 'auth.user.email_taken' });
  });

  it('logs a slow statement by its shape, and keeps parameters out of logs and errors', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await inTenant((tx) => tx.query("SELECT $1::text, 'literal', pg_sleep(0.3)", ['secret']));
    expect(warn).toHaveBeenCalledWith(
      'A statement was slow',
      expect.objectContaining({ statement: 'SELECT $1::text, ?, pg_sleep(?)' }),
    );
    expect(JSON.stringify(warn.mock.calls)).not.toMatch(/secret|literal/);
    expect(await registry.metrics()).toMatch(/^capsule_database_slow_statements_total [1-9]/m);
    warn.mockRestore();

    const failed = await inTenant((tx) => tx.manager.query('SELECT $1::text, 1/0', ['secret'])).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(Error);
    expect(JSON.stringify(failed)).not.toContain('secret');
  });

  it('tells Prometheus of the pool and of statements', async () => {
    registerPoolGauges(notes.dataSource, 3);
    await inTenant((tx) => tx.query('SELECT 1'));
    const metrics = await registry.metrics();
    expect(metrics).toMatch(/^capsule_database_pool_connections\{state="idle"\} [1-3]$/m);
    expect(metrics).toMatch(/^capsule_database_pool_connections\{state="max"\} 3$/m);
    expect(metrics).toMatch(/^capsule_database_pool_waiting 0$/m);
    expect(metrics).toMatch(/^capsule_database_statement_duration_seconds_count\{outcome="ok"\} [1-9]/m);
  });
});

/** How often a transaction writes to its connection; each write is a round trip. */
async function writesOf(
  { dataSource, database }: NotesDatabase,
  work: (tx: Transaction) => Promise<unknown>,
): Promise<number> {
  const runner = dataSource.createQueryRunner();
  const client = (await runner.connect()) as { connection: { stream: { write: () => boolean } } };
  const write = jest.spyOn(client.connection.stream, 'write');
  await runner.release();
  // pg-pool hands out the connection that was returned last.
  await database.withTenant(tenant, work);
  const writes = write.mock.calls.length;
  write.mockRestore();
  return writes;
}
