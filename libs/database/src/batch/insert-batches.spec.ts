import { setTimeout as pause } from 'node:timers/promises';
import { createTestDatabase } from '@capsule/testing';
import pg from 'pg';
import type { Database } from '../database.js';
import { NotesDatabase } from '../notes.fixture.js';
import { uuidv7 } from '../uuid.js';
import { type BatchCounts, insertBatch, insertBatches } from './insert-batches.js';

const notesTarget = { table: 'notes', columns: { id: 'uuid', title: 'text' } } as const;
const everyType = {
  table: 'measures',
  columns: {
    a_uuid: 'uuid',
    a_text: 'text',
    a_boolean: 'boolean',
    an_integer: 'integer',
    a_bigint: 'bigint',
    a_numeric: 'numeric',
    a_double: 'double precision',
    an_instant: 'timestamptz',
    a_document: 'jsonb',
  },
} as const;

describe('rows written in batches', () => {
  let notes: NotesDatabase;
  let database: Database;
  let tenant: string;

  beforeAll(async () => {
    notes = await NotesDatabase.create(await createTestDatabase('auth'), { poolMax: 4 });
    database = notes.database;
    const columns = Object.entries(everyType.columns).map(([name, type]) => `${name} ${type}`);
    await notes.test.asSuperuser((client) =>
      client.query(
        `CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO auth_user;
         CREATE TABLE own.notes (id uuid NOT NULL, title text NOT NULL UNIQUE); GRANT SELECT, INSERT ON own.notes TO auth_user;
         CREATE TABLE measures (tenant_id uuid NOT NULL, ${columns.join(', ')}); GRANT SELECT, INSERT ON measures TO auth_user`,
      ),
    );
  });
  afterAll(() => notes.close());
  beforeEach(() => {
    tenant = uuidv7();
  });

  function* rows(count: number, from = 0) {
    for (let index = from; index < from + count; index += 1) yield { id: uuidv7(), title: `note ${index}` };
  }

  const countOf = (owner: string) =>
    database.withTenant(owner, async (tx) => {
      const [row] = await tx.query<{ count: number }>('SELECT count(*)::integer AS count FROM notes');
      return row?.count;
    });

  it('are all written, the last and smaller batch too, and progress is told after each', async () => {
    const told: BatchCounts[] = [];
    const counts = await insertBatches(database, tenant, notesTarget, rows(25), {
      batchSize: 10,
      maxConcurrency: 1,
      onProgress: (soFar) => told.push(soFar),
    });
    expect(counts).toEqual({ inserted: 25, skipped: 0 });
    expect(told.map(({ inserted }) => inserted)).toEqual([10, 20, 25]);
    expect(await countOf(tenant)).toBe(25);
    expect(await insertBatches(database, tenant, notesTarget, [])).toEqual({ inserted: 0, skipped: 0 });
  });

  it('belong to the tenant they are written for', async () => {
    const other = uuidv7();
    await insertBatches(database, tenant, notesTarget, rows(3));
    await insertBatches(database, other, notesTarget, rows(5));
    expect([await countOf(tenant), await countOf(other)]).toEqual([3, 5]);
  });

  it("go into a table of the tenant's own schema too, which has no column for the tenant", async () => {
    const target = { ...notesTarget, table: 'own.notes', isInTenantSchema: true };
    const counts = await insertBatches(database, tenant, target, rows(7), {
      batchSize: 2,
      skipDuplicates: true,
    });
    expect(counts).toEqual({ inserted: 7, skipped: 0 });
    const again = await insertBatches(database, tenant, target, rows(8), { skipDuplicates: true });
    expect(again).toEqual({ inserted: 1, skipped: 7 });
  });

  it('keep their values in every type, nulls among them', async () => {
    const full = {
      a_uuid: tenant,
      a_text: 'quote " comma , brace } backslash \\ and é\n',
      a_boolean: true,
      an_integer: -7,
      a_bigint: 2n ** 60n,
      a_numeric: '0.000000001',
      a_double: 0.1,
      an_instant: new Date('2030-01-02T03:04:05.678Z'),
      a_document: { list: [1, 'two', null], text: 'a "quoted" {one}' },
    };
    const names = Object.keys(full) as (keyof typeof full)[];
    const list = { ...full, a_document: [{ kind: 'first' }, { kind: 'second' }] };
    const empty = Object.fromEntries(names.map((name) => [name, null])) as Record<keyof typeof full, null>;
    const written = await database.withTenant(tenant, async (tx) => {
      await insertBatch(tx, everyType, [full, list, empty]);
      return tx.query(`SELECT ${names.join(', ')} FROM measures ORDER BY a_uuid, a_document`);
    });
    const a_bigint = String(full.a_bigint);
    expect(written).toEqual([{ ...list, a_bigint }, { ...full, a_bigint }, empty]);
  });

  it('are skipped and counted where they are there already or come twice, when asked for', async () => {
    await insertBatches(database, tenant, notesTarget, rows(10));
    const again = [...rows(20, 5), ...rows(1, 24)];
    const counts = await insertBatches(database, tenant, notesTarget, again, {
      batchSize: 6,
      skipDuplicates: true,
    });
    expect(counts).toEqual({ inserted: 15, skipped: 6 });
    expect(await countOf(tenant)).toBe(25);
  });

  it('fail by batch: what committed stays, nothing of the failed one does, and no further one begins', async () => {
    const taken: number[] = [];
    function* withDuplicate() {
      for (const row of rows(60)) {
        taken.push(taken.length);
        yield taken.length === 25 ? { ...row, title: 'note 0' } : row;
      }
    }
    const writing = insertBatches(database, tenant, notesTarget, withDuplicate(), {
      batchSize: 10,
      maxConcurrency: 1,
    });
    await expect(writing).rejects.toMatchObject({ code: 'platform.request.conflict' });
    expect(await countOf(tenant)).toBe(20);
    expect(taken.length).toBeLessThanOrEqual(30);
    const resumed = await insertBatches(database, tenant, notesTarget, rows(60), { skipDuplicates: true });
    expect(resumed).toEqual({ inserted: 40, skipped: 20 });
  });

  it('use as many connections at once as allowed, and take rows from a generator only when they are due', async () => {
    const locker = new pg.Client({ ...notes.test.owner, database: notes.test.owner.name });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE notes IN SHARE MODE');
    let taken = 0;
    function* counted() {
      for (const row of rows(100)) {
        taken += 1;
        yield row;
      }
    }
    const writing = insertBatches(database, tenant, notesTarget, counted(), {
      batchSize: 5,
      maxConcurrency: 3,
    });
    try {
      const waiting = async () => {
        const { rows: found } = await locker.query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass`,
        );
        return found[0]?.count;
      };
      while ((await waiting()) !== 3) await pause(5);
      expect(taken).toBe(15);
    } finally {
      await locker.query('ROLLBACK');
      await locker.end();
    }
    expect(await writing).toEqual({ inserted: 100, skipped: 0 });
  });
});
