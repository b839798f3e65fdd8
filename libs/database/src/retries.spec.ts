import { createTestDatabase } from '@capsule/testing';
import { insertNote, NotesDatabase } from './notes.fixture.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

const tenant = uuidv7();

describe('a transaction that fails because of its neighbours', () => {
  let notes: NotesDatabase;
  let attempts: number;
  beforeAll(async () => {
    notes = await NotesDatabase.create(await createTestDatabase('auth'), {
      poolMax: 3,
      slowQueryThresholdMs: 60_000,
    });
  });
  beforeEach(() => (attempts = 0));
  afterEach(() => notes.test.asSuperuser((client) => client.query('TRUNCATE notes, folders')));
  afterAll(() => notes.close());

  const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => notes.database.withTenant(tenant, work);
  /** Resolves for everybody when the given number of callers has come; whoever comes later passes. */
  const meetingOf = (callers: number) => {
    let come = 0;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return () => {
      come += 1;
      if (come >= callers) open();
      return opened;
    };
  };

  it('is run again after a deadlock, until both have had their effect', async () => {
    await inTenant(async (tx) => {
      await tx.query(insertNote, [tenant, 'a']);
      await tx.query(insertNote, [tenant, 'b']);
    });
    const bothHoldOne = meetingOf(2);
    const lockBoth = (first: string, second: string) =>
      inTenant(async (tx) => {
        attempts += 1;
        const append = 'UPDATE notes SET title = title || $2 WHERE left(title, 1) = $1';
        await tx.query(append, [first, second]);
        await bothHoldOne();
        await tx.query(append, [second, first]);
      });
    await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')]);
    expect(attempts).toBe(3);
    expect(await notes.titles()).toEqual(['abb', 'baa']);
  });

  it('is run again after a serialization failure, and then sees what the other one did', async () => {
    const { user, name } = notes.test.settings;
    const isolate = (level: string) =>
      notes.test.asSuperuser((client) =>
        client.query(`ALTER ROLE ${user} IN DATABASE ${name} SET default_transaction_isolation = '${level}'`),
      );
    await isolate('serializable');
    const bothHaveCounted = meetingOf(2);
    // Each adds one more than it counted: under weaker isolation both would write the same.
    const number = (database: NotesDatabase['database']) =>
      database.withTenant(tenant, async (tx) => {
        attempts += 1;
        const [row] = await tx.query<{ count: string }>('SELECT count(*) FROM notes');
        await bothHaveCounted();
        await tx.query(insertNote, [tenant, `number ${row?.count}`]);
      });
    const serializable = await NotesDatabase.connect(notes.test, { poolMax: 2 });
    await Promise.all([number(serializable.database), number(serializable.database)]);
    await serializable.database.close();
    await isolate('read committed');
    expect(attempts).toBe(3);
    expect(await notes.titles()).toEqual(['number 0', 'number 1']);
  });

  it.each(['40001', '40P01'])(
    'that goes on failing (%s) is given up with 503 and a time to wait, not with an error of ours',
    async (sqlState) => {
      const failed = inTenant(async (tx) => {
        attempts += 1;
        await tx.query(`DO $$ BEGIN RAISE 'in the way' USING ERRCODE = '${sqlState}'; END $$`);
      });
      await expect(failed).rejects.toMatchObject({
        code: 'platform.service.overloaded',
        kind: 'unavailable',
        retryAfterSeconds: 1,
      });
      expect(attempts).toBe(4);
    },
  );

  it('is run once when it failed of itself', async () => {
    const failed = inTenant(async (tx) => {
      attempts += 1;
      await tx.query('SELECT 1/0');
    });
    await expect(failed).rejects.toMatchObject({ code: '22012' });
    expect(attempts).toBe(1);
  });
});
