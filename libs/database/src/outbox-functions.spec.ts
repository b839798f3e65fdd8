import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import type { DataSource } from 'typeorm';
import { createDataSource } from './data-source.js';
import { Database } from './database.js';
import type { Transaction } from './transaction.js';
import { uuidv7 } from './uuid.js';

const STREAM = 'CAPSULE_AUTH';
const FIRST_STREAM = '2026-01-01T00:00:00.123456789Z';
const SECOND_STREAM = '2026-02-01T00:00:00.5Z';
const acme = uuidv7();
const globex = uuidv7();

describe('the functions of the outbox', () => {
  let test: TestDatabase;
  let dataSource: DataSource;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase('auth');
    dataSource = await createDataSource(test.settings, 'spec', []).initialize();
    database = new Database(dataSource);
  });
  beforeEach(async () => {
    await test.asSuperuser((client) => client.query('TRUNCATE outbox, outbox_streams, inbox'));
    await republishLost(FIRST_STREAM, 0);
  });
  afterAll(async () => {
    await database.close();
    await test.close();
  });

  const add = (tenantId: string, claimedTenant = tenantId) =>
    database.withTenant(tenantId, async (tx) => {
      const id = uuidv7();
      await tx.query(
        'INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5)',
        [
          id,
          tenantId,
          STREAM,
          'capsule.auth.user.created.v1',
          { id, type: 'capsule.auth.user.created.v1', tenantid: claimedTenant },
        ],
      );
      return id;
    });
  const addInOrder = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    while (ids.length < count) ids.push(await add(acme));
    return ids;
  };
  const claim = async (tx: Transaction, limit = 10) => {
    const rows = await tx.query<{ id: string }>('SELECT id FROM outbox_claim($1, $2)', [STREAM, limit]);
    return rows.map((row) => row.id);
  };
  const mark = async (tx: Transaction, created: string, ids: string[], sequences: number[]) => {
    const [row] = await tx.query<{ marked: number }>(
      'SELECT outbox_mark_published($1, $2, $3, $4) AS marked',
      [STREAM, created, ids, sequences],
    );
    return row?.marked;
  };
  /** Claims everything and marks it as stored from `sequence` on. */
  const publish = (created: string, sequence: number) =>
    database.withoutTenant(async (tx) => {
      const ids = await claim(tx);
      await mark(
        tx,
        created,
        ids,
        ids.map((_, index) => sequence + index),
      );
      return ids;
    });
  const republishPortion = (created: string, lastSequence: number, rowsMax: number) =>
    database.withoutTenant(async (tx) => {
      const [row] = await tx.query<{ lost: number }>('SELECT outbox_republish_lost($1, $2, $3, $4) AS lost', [
        STREAM,
        created,
        lastSequence,
        rowsMax,
      ]);
      return row?.lost ?? 0;
    });
  /** All portions; returns how many rows were lost. */
  const republishLost = async (created: string, lastSequence: number): Promise<number> => {
    const portion = await republishPortion(created, lastSequence, 100);
    return portion === 0 ? 0 : portion + (await republishLost(created, lastSequence));
  };
  const unpublished = () => database.withoutTenant((tx) => claim(tx, 100));

  it('claims events of all tenants, oldest first, and keeps published ones', async () => {
    const ids = [await add(acme), await add(globex)];
    expect(await publish(FIRST_STREAM, 1)).toEqual(ids);
    expect(await unpublished()).toEqual([]);
    const kept = await test.asSuperuser((client) =>
      client.query('SELECT stream_sequence FROM outbox ORDER BY id'),
    );
    expect(kept.rows).toEqual([{ stream_sequence: '1' }, { stream_sequence: '2' }]);
  });

  it('gives a row to one relay at a time, and gives it back when the relay fails', async () => {
    const ids = [await add(acme), await add(acme)];
    await database.withoutTenant(async (tx) => {
      expect(await claim(tx, 1)).toEqual(ids.slice(0, 1));
      expect(await unpublished()).toEqual(ids.slice(1));
    });
    const failed = database.withoutTenant(async (tx) => {
      await mark(tx, FIRST_STREAM, await claim(tx), [1, 2]);
      throw new Error('died before the commit');
    });
    await expect(failed).rejects.toThrow('died');
    expect(await unpublished()).toEqual(ids);
  });

  it('marks without waiting for a row that a relay holds, which marks it itself', async () => {
    const ids = [await add(acme), await add(acme)];
    await database.withoutTenant(async (relay) => {
      const held = await claim(relay, 1);
      expect(await database.withoutTenant((tx) => mark(tx, FIRST_STREAM, ids, [1, 2]))).toBe(1);
      expect(await database.withoutTenant((tx) => mark(tx, FIRST_STREAM, held, [1]))).toBe(0);
      expect(await mark(relay, FIRST_STREAM, held, [1])).toBe(1);
    });
    expect(await unpublished()).toEqual([]);
  });

  it('waits longer after each failure', async () => {
    const id = await add(acme);
    await database.withoutTenant(async (tx) => {
      await tx.query('SELECT outbox_mark_failed($1, $2)', [await claim(tx), 'no responders']);
    });
    expect(await unpublished()).toEqual([]);
    await test.asSuperuser(async (client) => {
      await client.query('UPDATE outbox SET attempts = 40, next_attempt_at = now()');
    });
    await database.withoutTenant((tx) => tx.query('SELECT outbox_mark_failed($1, $2)', [[id], 'again']));
    const [row] = await test.asSuperuser(async (client) => {
      const { rows } = await client.query(
        'SELECT next_attempt_at - now() > $1 AS late, last_error FROM outbox',
        ['55 seconds'],
      );
      return rows;
    });
    expect(row).toEqual({ late: true, last_error: 'again' });
  });

  it('publishes everything again when the stream is younger than the known one', async () => {
    const ids = [await add(acme), await add(globex)];
    await publish(FIRST_STREAM, 1);
    expect(await republishLost(FIRST_STREAM, 2)).toBe(0);
    expect(await republishLost(SECOND_STREAM, 0)).toBe(2);
    expect(await publish(SECOND_STREAM, 1)).toEqual(ids);
    expect(await republishLost(SECOND_STREAM, 2)).toBe(0);
  });

  it('publishes the tail again when the stream is shorter than the known one', async () => {
    const ids = [await add(acme), await add(acme), await add(acme)];
    await publish(FIRST_STREAM, 1);
    expect(await republishLost(FIRST_STREAM, 1)).toBe(2);
    expect(await unpublished()).toEqual(ids.slice(1));
  });

  it('does not take an acknowledgement of the lost stream for one of its successor', async () => {
    const id = await add(acme);
    await republishLost(SECOND_STREAM, 0);
    await database.withoutTenant(async (tx) => {
      expect(await mark(tx, FIRST_STREAM, await claim(tx), [1])).toBe(-1);
    });
    expect(await unpublished()).toEqual([id]);
  });

  it('publishes everything again when the stream is older than the known one, as after a restored backup', async () => {
    await republishLost(SECOND_STREAM, 0);
    const ids = [await add(acme), await add(globex)];
    await publish(SECOND_STREAM, 1);
    expect(await republishLost(FIRST_STREAM, 9)).toBe(2);
    expect(await publish(FIRST_STREAM, 10)).toEqual(ids);
    expect(await unpublished()).toEqual([]);
    expect(await republishLost(FIRST_STREAM, 11)).toBe(0);
  });

  it('finds what was lost in portions, and marks nothing before the last, whoever calls', async () => {
    const ids = await addInOrder(5);
    await publish(FIRST_STREAM, 1);
    expect(await republishPortion(SECOND_STREAM, 0, 2)).toBe(2);
    await database.withoutTenant(async (tx) => {
      const claimed = await claim(tx);
      expect(claimed).toEqual(ids.slice(0, 2));
      expect(await mark(tx, FIRST_STREAM, claimed, [6, 7])).toBe(-1);
      expect(await mark(tx, SECOND_STREAM, claimed, [1, 2])).toBe(-1);
    });
    // The stream has grown by what could not be marked.
    expect(await republishPortion(SECOND_STREAM, 2, 2)).toBe(2);
    expect(await republishPortion(SECOND_STREAM, 2, 2)).toBe(1);
    await database.withoutTenant(async (tx) => {
      expect(await mark(tx, SECOND_STREAM, await claim(tx), [1, 2, 3, 4, 5])).toBe(-1);
    });
    expect(await republishPortion(SECOND_STREAM, 2, 2)).toBe(0);
    expect(await publish(SECOND_STREAM, 3)).toEqual(ids);
    expect(await unpublished()).toEqual([]);
  });

  it('finds the whole lost tail although the stream grows between two portions', async () => {
    const ids = await addInOrder(4);
    await publish(FIRST_STREAM, 1);
    expect(await republishPortion(FIRST_STREAM, 1, 2)).toBe(2);
    expect(await republishPortion(FIRST_STREAM, 9, 2)).toBe(1);
    expect(await republishPortion(FIRST_STREAM, 9, 2)).toBe(0);
    expect(await unpublished()).toEqual(ids.slice(1));
  });

  it('comes to an end while two relays see different streams', async () => {
    const ids = await addInOrder(4);
    await publish(FIRST_STREAM, 1);
    expect(await republishPortion(SECOND_STREAM, 0, 2)).toBe(2);
    expect(await republishPortion(FIRST_STREAM, 4, 2)).toBe(2);
    expect(await republishPortion(SECOND_STREAM, 0, 2)).toBe(0);
    expect(await publish(SECOND_STREAM, 1)).toEqual(ids);
  });

  it('publishes an event again whose sequence came a second time', async () => {
    const lost = await add(acme);
    await publish(FIRST_STREAM, 1);
    await add(acme);
    await publish(FIRST_STREAM, 1);
    expect(await unpublished()).toEqual([lost]);
  });

  it('refuses an event whose envelope names another tenant than its row', async () => {
    await expect(add(acme, globex)).rejects.toMatchObject({ constraint: 'ck_outbox__envelope' });
  });

  it('tells depth and age', async () => {
    const depth = () => database.withoutTenant((tx) => tx.query('SELECT * FROM outbox_depth()'));
    expect(await depth()).toEqual([{ unpublished: '0', oldest_age_seconds: 0 }]);
    await add(acme);
    expect(await depth()).toEqual([{ unpublished: '1', oldest_age_seconds: expect.any(Number) }]);
  });

  it('purges what is past its retention: never what is unpublished, and never what is recent', async () => {
    await add(acme);
    await publish(FIRST_STREAM, 1);
    const purge = async () => {
      const rows = await database.withoutTenant((tx) =>
        tx.query<{ n: number }>('SELECT purge_history(100) AS n'),
      );
      return rows[0]?.n;
    };
    expect(await purge()).toBe(0);
    await add(acme);
    await test.asSuperuser(async (client) => {
      await client.query("UPDATE outbox SET created_at = now() - interval '61 days'");
      await client.query(`INSERT INTO inbox (consumer, event_id, processed_at)
        VALUES ('c', uuid_generate_v4(), now() - interval '89 days'), ('c', uuid_generate_v4(), now() - interval '91 days')`);
    });
    expect(await purge()).toBe(2);
    expect(await unpublished()).toHaveLength(1);
    expect(await republishLost(SECOND_STREAM, 0)).toBe(0);
  });
});
