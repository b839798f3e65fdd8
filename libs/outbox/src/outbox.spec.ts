import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { appCreated, organizationCreated, type EventEnvelope } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { registry, runInContext } from '@capsule/telemetry';
import {
  createTestDatabase,
  eventually,
  startEventService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';
import { Outbox } from './outbox.js';
import { Relay } from './relay.js';

const tenantId = randomUUID();

const ANOTHER_STREAM_IS_SEEN = `
  CREATE TABLE looks (at timestamptz);
  CREATE FUNCTION another_stream() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    INSERT INTO public.looks VALUES (clock_timestamp());
    NEW.stream_created_at := '2000-01-01';
    RETURN NEW;
  END $$;
  UPDATE outbox_streams SET stream_created_at = '2000-01-01';
  CREATE TRIGGER another_stream BEFORE UPDATE ON outbox_streams
    FOR EACH ROW EXECUTE FUNCTION another_stream()`;

/** By no process that would tell the relay. */
const LEFT_BEHIND = `
  INSERT INTO outbox (id, stream, type, envelope) VALUES ($1, $2, $3, jsonb_build_object('id', $1::uuid))`;

const PUBLISHED_LONG_AGO = `
  INSERT INTO outbox (id, stream, type, envelope, created_at, published_at, stream_sequence)
  SELECT id, $1, $2, jsonb_build_object('id', id, 'type', $2::text), now() - interval '1 day', now(), sequence
  FROM (SELECT uuid_generate_v4() AS id, sequence FROM generate_series(1, $3) AS sequence) AS row`;

describe('the outbox of auth', () => {
  let nats: TestNats;
  let testDatabase: TestDatabase;
  let auth: INestApplicationContext;
  let database: Database;
  let outbox: Outbox;

  beforeEach(async () => {
    [nats, testDatabase] = await Promise.all([startTestNats(), createTestDatabase('auth')]);
    auth = await start();
    database = auth.get(Database);
    outbox = auth.get(Outbox);
  });
  afterEach(async () => {
    await auth.close();
    await Promise.all([nats.close(), testDatabase.close()]);
  });

  // A relay that hardly looks on its own: what these specs see published, something has woken it for.
  const start = ({ pollMs } = { pollMs: 600_000 }) =>
    startEventService({
      service: 'auth',
      database: testDatabase.settings,
      nats: nats.settings('auth'),
      pollMs,
    });

  function add(name = 'Acme'): Promise<string> {
    return database.withTenant(tenantId, (tx) => outbox.add(tx, organizationCreated, dataOf(name)));
  }

  function addTogether(count: number): Promise<string[]> {
    return database.withTenant(tenantId, async (tx) => {
      const ids: string[] = [];
      for (let n = 0; n < count; n += 1) {
        ids.push(await outbox.add(tx, organizationCreated, dataOf(`number ${n}`)));
      }
      return ids;
    });
  }

  async function markedRows(): Promise<number> {
    const { rows } = await testDatabase.asSuperuser((client) =>
      client.query<{ marked: number }>('SELECT count(published_at)::integer AS marked FROM outbox'),
    );
    return rows[0]!.marked;
  }

  async function leaveBehind(): Promise<string> {
    const id = randomUUID();
    const values = [id, organizationCreated.stream, organizationCreated.type];
    await testDatabase.asSuperuser((client) => client.query(LEFT_BEHIND, values));
    return id;
  }

  /** How often rows were published: the stream would hide a second time by its duplicate window. */
  async function publications(): Promise<number> {
    const [row] = await database.withTenant(tenantId, (tx) =>
      tx.query<{ attempts: number }>('SELECT sum(attempts)::integer AS attempts FROM outbox'),
    );
    return row?.attempts ?? 0;
  }

  it('publishes an event once after the commit, as a CloudEvent in the context of its request', async () => {
    const actor = { type: 'user' as const, id: 'u-1' };
    const context = { requestId: 'request-1', actor, accessToken: 'is told to nobody' };
    const id = await runInContext(context, () => add());
    await eventually(async () => expect(await stored(nats)).toHaveLength(1));
    expect(await stored(nats)).toEqual([
      {
        specversion: '1.0',
        id,
        source: 'capsule/auth',
        type: 'capsule.auth.organization.created.v1',
        time: expect.any(String),
        datacontenttype: 'application/json',
        tenantid: tenantId,
        requestid: 'request-1',
        actor,
        data: dataOf('Acme'),
      },
    ]);
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    expect(await publications()).toBe(1);
  });

  it('publishes nothing of a transaction that rolled back', async () => {
    const failing = database.withTenant(tenantId, async (tx) => {
      await outbox.add(tx, organizationCreated, dataOf('never'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await add('after');
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    expect((await stored(nats)).map((event) => event.data)).toEqual([dataOf('after')]);
  });

  it('refuses data that do not fit the contract and events of another service', async () => {
    await expect(
      database.withTenant(tenantId, (tx) =>
        outbox.add(tx, organizationCreated, { ...dataOf('x'), organizationId: '1' }),
      ),
    ).rejects.toThrow();
    await expect(
      database.withTenant(tenantId, (tx) => outbox.add(tx, appCreated, {} as never)),
    ).rejects.toThrow('no fact of this service');
    await expect(add('x'.repeat(600 * 1024))).rejects.toThrow('too large');
    expect(await unpublished(database)).toBe(0);
  });

  it('keeps events while NATS is away and publishes them after the reconnect', async () => {
    await nats.stop();
    const ids = [await add('one'), await add('two')];
    expect(await unpublished(database)).toBe(2);
    expect(await registry.metrics()).toMatch(/^capsule_outbox_depth 2$/m);
    await nats.start();
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort()));
    await eventually(async () => expect(await unpublished(database)).toBe(0));
  });

  it('publishes everything again when the store of NATS was wiped', async () => {
    const ids = [await add('one'), await add('two')];
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    await nats.wipe();
    ids.push(await add('three'));
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort()));
  });

  it('publishes again what a stream lost that came back shorter', async () => {
    const kept = await add('kept');
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    const backup = await nats.backup();
    const lost = [await add('lost one'), await add('lost two')];
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    await nats.restore(backup);
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id)).toEqual([kept, ...lost]));
  });

  it('publishes everything again to a store restored from an older server, and then rests', async () => {
    const ids = [await add('in the backup')];
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    const backup = await nats.backup();
    await nats.wipe();
    ids.push(await add('not in the backup'));
    await eventually(async () => expect(await stored(nats)).toHaveLength(2));
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    await nats.restore(backup);
    ids.push(await add('after the restore'));
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort()));
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    const before = await publications();
    await sleep(1_000);
    expect(await publications()).toBe(before);
  });

  it('looks again ever more seldom while its marks are refused, and goes on when they are not', async () => {
    await add();
    // The row of the stream is there then.
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    // What another relay does that keeps seeing another stream.
    await testDatabase.asSuperuser((client) => client.query(ANOTHER_STREAM_IS_SEEN));
    const id = await add();
    const millisecondsOfLooks = (count: number) =>
      testDatabase.asSuperuser(async (client) => {
        const { rows } = await client.query<{ at: Date }>('SELECT at FROM looks ORDER BY at LIMIT $1', [
          count,
        ]);
        expect(rows).toHaveLength(count);
        return rows[count - 1]!.at.getTime() - rows[0]!.at.getTime();
      });
    // One finds the first event lost, one that there are no more; then it waits at least 180, 360, 720 ms.
    const milliseconds = await eventually(() => millisecondsOfLooks(5), 20_000);
    expect(milliseconds).toBeGreaterThan(1_200);
    await testDatabase.asSuperuser((client) => client.query('DROP TRIGGER another_stream ON outbox_streams'));
    await eventually(async () => expect(await unpublished(database)).toBe(0), 20_000);
    expect((await stored(nats)).map((event) => event.id)).toContain(id);
  });

  it('publishes more again than it looks for at once', async () => {
    await testDatabase.asSuperuser(async (client) => {
      await client.query(PUBLISHED_LONG_AGO, [organizationCreated.stream, organizationCreated.type, 5_100]);
      await client.query('UPDATE outbox_streams SET last_sequence = 5100');
    });
    await nats.restart();
    await eventually(async () => expect(await publishedByRelay(database)).toBe(5_100), 20_000);
    expect(await stored(nats)).toHaveLength(5_100);
  });

  it('publishes what a process left behind that ended before it could', async () => {
    await nats.stop();
    const id = await add('left behind');
    await auth.close();
    await nats.start();
    auth = await start();
    await eventually(async () => expect((await stored(nats)).map((event) => event.id)).toEqual([id]));
  });

  it('looks for what other processes left behind, every now and then', async () => {
    await auth.close();
    auth = await start({ pollMs: 100 });
    const ids = [await leaveBehind()];
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id)).toEqual(ids));
    ids.push(await leaveBehind());
    await eventually(async () => expect((await stored(nats)).map(({ id }) => id)).toEqual(ids));
  });

  it('publishes more at once than goes out promptly', async () => {
    const ids = await addTogether(150);
    await eventually(async () => expect(await unpublished(database)).toBe(0), 20_000);
    expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it('has published and marked what was committed when it has shut down', async () => {
    const ids = await addTogether(250);
    await auth.close();
    expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(await markedRows()).toBe(250);
  });

  it('looks a last time before it has shut down', async () => {
    await add();
    // It sleeps then.
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    const id = await leaveBehind();
    await auth.close();
    expect((await stored(nats)).map((event) => event.id)).toContain(id);
  });

  it('measures how long each event took to the stream, whichever way it went', async () => {
    const measured = async (): Promise<number> =>
      Number(/^capsule_outbox_publish_lag_seconds_count (\d+)$/m.exec(await registry.metrics())?.[1]);
    const before = await measured();
    await add();
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    expect(await measured()).toBe(before + 1);
    await leaveBehind();
    auth.get(Relay).wake();
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    expect(await measured()).toBe(before + 2);
  });

  it('takes one connection for marks that have to wait, however many events come meanwhile', async () => {
    await add();
    // The row of the stream is there then.
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    await testDatabase.asSuperuser(async (client) => {
      await client.query('BEGIN; SELECT FROM outbox_streams FOR UPDATE');
      for (let count = 0; count < 10; count += 1) {
        await add();
        await sleep(100);
      }
      const { rows } = await client.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
      await client.query('COMMIT');
    });
    await eventually(async () => expect(await unpublished(database)).toBe(0));
  });

  it('puts each event on the stream once with two relays at work', async () => {
    const second = await start();
    second.get(Relay).wake();
    const ids = await Promise.all(Array.from({ length: 100 }, (_, index) => add(`number ${index}`)));
    await eventually(async () => expect(await unpublished(database)).toBe(0));
    expect((await stored(nats)).map(({ id }) => id).sort()).toEqual(ids.sort());
    await second.close();
  });
});

function dataOf(name: string) {
  return {
    organizationId: tenantId,
    name,
    slug: 'acme',
    ownerUserId: tenantId,
    ownerEmail: 'owner@acme.example',
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

async function stored(nats: TestNats): Promise<EventEnvelope[]> {
  return (await nats.messages(organizationCreated.stream)) as EventEnvelope[];
}

async function unpublished(database: Database): Promise<number> {
  const [row] = await database.withoutTenant((tx) =>
    tx.query<{ unpublished: string }>('SELECT unpublished FROM outbox_depth()'),
  );
  return Number(row?.unpublished);
}

/** How many rows of the platform a relay has published. */
async function publishedByRelay(database: Database): Promise<number> {
  const [row] = await database.withoutTenant((tx) =>
    tx.query<{ published: number }>('SELECT count(*)::integer AS published FROM outbox WHERE attempts > 0'),
  );
  return row?.published ?? 0;
}
