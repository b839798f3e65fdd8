import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { type DataOf, durableName, type EventEnvelope, organizationCreated } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { currentContext, registry, type RequestContext } from '@capsule/telemetry';
import {
  createTestDatabase,
  eventually,
  startEventService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';
import { DeadLetters } from './dead-letters.js';
import { OnEvent } from './on-event.decorator.js';
import { Outbox } from './outbox.js';

type OrganizationCreated = EventEnvelope<DataOf<typeof organizationCreated>>;

const tenantId = randomUUID();
const consumer = durableName('billing', organizationCreated);

const LAG_COUNT = new RegExp(`^capsule_event_lag_seconds_count\\{consumer="${consumer}"\\} (\\d+)$`, 'm');

const organization = {
  organizationId: tenantId,
  name: 'Acme',
  slug: 'acme',
  ownerUserId: tenantId,
  ownerEmail: 'owner@acme.example',
  createdAt: '2026-01-01T00:00:00.000Z',
};

/** What the handler does beside its effect, as the test at hand wants it. */
let behaviour: (event: OrganizationCreated, tx: Transaction) => Promise<void>;

/** Its effect counts, per event, in a row every service's database has. */
@Injectable()
class OrganizationConsumer {
  @OnEvent(organizationCreated)
  async count(event: OrganizationCreated, tx: Transaction): Promise<void> {
    await tx.query(
      `UPDATE service_configuration
       SET settings = settings || jsonb_build_object($1::text, coalesce((settings ->> $1)::integer, 0) + 1)`,
      [event.id],
    );
    await behaviour(event, tx);
  }
}

describe('an event handler of billing', () => {
  let nats: TestNats;
  let authDatabase: TestDatabase;
  let billingDatabase: TestDatabase;
  let auth: INestApplicationContext;
  let billing: INestApplicationContext;

  beforeEach(async () => {
    behaviour = () => Promise.resolve();
    [nats, authDatabase, billingDatabase] = await Promise.all([
      startTestNats(),
      createTestDatabase('auth'),
      createTestDatabase('billing'),
    ]);
    auth = await startEventService({
      service: 'auth',
      database: authDatabase.settings,
      nats: nats.settings('auth'),
    });
    billing = await startBilling();
  });
  afterEach(async () => {
    await Promise.all([billing.close(), auth.close()]);
    await Promise.all([nats.close(), authDatabase.close(), billingDatabase.close()]);
  });

  function startBilling(options: { inbox?: 'on' | 'off' } = {}): Promise<INestApplicationContext> {
    return startEventService({
      service: 'billing',
      database: billingDatabase.settings,
      nats: nats.settings('billing'),
      providers: [OrganizationConsumer],
      maxAttempts: 3,
      ...options,
    });
  }

  function add(): Promise<string> {
    return auth
      .get(Database)
      .withTenant(tenantId, (tx) => auth.get(Outbox).add(tx, organizationCreated, organization));
  }

  /** How often each event had its effect. */
  function effects(): Promise<Record<string, number>> {
    return billingDatabase.asSuperuser(async (client) => {
      const { rows } = await client.query<{ settings: Record<string, number> }>(
        'SELECT settings FROM service_configuration',
      );
      return rows[0]!.settings;
    });
  }

  const effectOnce = (id: string) => eventually(async () => expect(await effects()).toEqual({ [id]: 1 }));

  it('runs in the tenant and the context of the request that caused the event', async () => {
    const seen: [RequestContext | undefined, string | null][] = [];
    behaviour = (_event, tx) => {
      seen.push([currentContext(), tx.tenantId]);
      return Promise.resolve();
    };
    const id = await add();
    await effectOnce(id);
    const actor = { type: 'system', id: 'billing' };
    expect(seen).toEqual([[expect.objectContaining({ requestId: id, tenantId, actor }), tenantId]]);
  });

  it('is measured from the time of the event to its effect', async () => {
    const lags = async () => (await registry.metrics()).match(LAG_COUNT)?.[1] ?? '0';
    const before = Number(await lags());
    await effectOnce(await add());
    await eventually(async () => expect(Number(await lags())).toBe(before + 1));
  });

  it('has its effect once when the event comes again', async () => {
    const id = await add();
    await effectOnce(id);
    await deliverAgain(id);
    await eventually(async () => expect(await metric('capsule_event_duplicates_total')).toBeGreaterThan(0));
    expect(await effects()).toEqual({ [id]: 1 });
  });

  it('has its effect twice when the inbox is off, so the inbox is what prevents it', async () => {
    await billing.close();
    billing = await startBilling({ inbox: 'off' });
    const id = await add();
    await effectOnce(id);
    await deliverAgain(id);
    await eventually(async () => expect(await effects()).toEqual({ [id]: 2 }));
  });

  it('is tried again some time after a failure, of which nothing remains', async () => {
    const begunAt: number[] = [];
    behaviour = () =>
      begunAt.push(Date.now()) <= 2 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    await effectOnce(await add());
    const [first = 0, second = 0, third = 0] = begunAt;
    expect(begunAt).toHaveLength(3);
    // The backoff is 225 ms at least, then 450.
    expect(second - first).toBeGreaterThan(200);
    expect(third - second).toBeGreaterThan(400);
  });

  it('leaves a dead letter when its attempts are used up, which is listed and replayed once', async () => {
    let attempts = 0;
    behaviour = () => {
      attempts += 1;
      return Promise.reject(new Error('poison'));
    };
    const letters = billing.get(DeadLetters);
    const id = await add();
    const [letter] = await eventually(async () => {
      const found = await letters.list({ limit: 10 });
      expect(found).toHaveLength(1);
      return found;
    });
    expect(letter).toMatchObject({ tenantId, consumer, eventId: id, error: 'poison', attempts: 3 });
    expect(attempts).toBe(3);
    expect(await effects()).toEqual({});

    await expect(letters.replay(letter!)).rejects.toThrow('poison');
    expect(await letters.list({ limit: 10 })).toHaveLength(1);

    behaviour = () => Promise.resolve();
    const replays = await Promise.all([letters.replay(letter!), letters.replay(letter!)]);
    expect(replays.filter(Boolean)).toHaveLength(1);
    expect(await letters.replay(letter!)).toBe(false);
    expect(await letters.list({ limit: 10 })).toEqual([]);
    expect(await letters.list({ limit: 10, includeReplayed: true })).toHaveLength(1);
    expect(await effects()).toEqual({ [id]: 1 });
  });

  it('leaves a dead letter whatever characters its error has', async () => {
    behaviour = () => Promise.reject(new Error('poi\0son'));
    await add();
    const letters = billing.get(DeadLetters);
    await eventually(async () =>
      expect(await letters.list({ limit: 10 })).toMatchObject([{ error: 'poi\ufffdson' }]),
    );
  });

  it('does not hold up other events while one is poison', async () => {
    let poison: string | undefined;
    behaviour = ({ id }) => {
      poison ??= id;
      return id === poison ? Promise.reject(new Error('poison')) : Promise.resolve();
    };
    await add();
    const good = await add();
    await effectOnce(good);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no CloudEvent', '{"a":1}'],
    ['an event whose data break the contract', JSON.stringify(envelope({ data: { organizationId: 1 } }))],
    ['an event of another type', JSON.stringify(envelope({ type: 'capsule.auth.user.created.v1' }))],
    ['a character PostgreSQL holds nowhere', 'non\0sense'],
    ['such characters in an event', JSON.stringify(envelope({ data: { '\0': 'a\0\0b \ud800 \\u0000' } }))],
  ])('is not run for %s, which becomes a dead letter at once', async (_what, payload) => {
    await nats.publish('auth', organizationCreated.type, payload);
    const letters = billing.get(DeadLetters);
    await eventually(async () => expect(await letters.list({ limit: 10 })).toMatchObject([{ attempts: 1 }]));
    expect(await effects()).toEqual({});
  });

  it('keeps its events when its database is away, and catches up', async () => {
    const { name, user } = billingDatabase.settings;
    await billingDatabase.asSuperuser(async (client) => {
      await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM ${user}`);
      await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = $2',
        [name, user],
      );
    });
    const redeliveries = async () => metric('capsule_event_redeliveries_total');
    const before = await redeliveries();
    const id = await add();
    // One delivery more than its handler may fail.
    await eventually(async () => expect(await redeliveries()).toBeGreaterThanOrEqual(before + 3), 10_000);
    expect(await effects()).toEqual({});
    await billingDatabase.asSuperuser((client) =>
      client.query(`GRANT CONNECT ON DATABASE ${name} TO ${user}`),
    );
    await eventually(async () => expect(await effects()).toEqual({ [id]: 1 }), 10_000);
    expect(await billing.get(DeadLetters).list({ limit: 10 })).toEqual([]);
  });

  it('is tried until the platform is back, however often that takes', async () => {
    let begun = 0;
    behaviour = async (_event, tx) => {
      begun += 1;
      if (begun <= 2) throw new DomainError('platform.upstream.unavailable');
      if (begun <= 4) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    const id = await add();
    await eventually(async () => expect(await effects()).toEqual({ [id]: 1 }), 10_000);
    expect(begun).toBe(5);
    expect(await billing.get(DeadLetters).list({ limit: 10 })).toEqual([]);
  });

  it('becomes a dead letter when it is always too slow, after twice as many attempts', async () => {
    let begun = 0;
    behaviour = async (_event, tx) => {
      begun += 1;
      await tx.query("SET LOCAL statement_timeout = '1ms'");
      await tx.query('SELECT pg_sleep(1)');
    };
    await add();
    const letters = billing.get(DeadLetters);
    await eventually(async () => expect(await letters.list({ limit: 10 })).toHaveLength(1), 20_000);
    expect(begun).toBe(6);
  });

  it('has all its attempts after an outage of more deliveries than those', async () => {
    let begun = 0;
    behaviour = () => {
      begun += 1;
      if (begun <= 3) return Promise.reject(new DomainError('platform.service.overloaded'));
      return begun <= 5 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    };
    const id = await add();
    await eventually(async () => expect(await effects()).toEqual({ [id]: 1 }), 10_000);
    expect(await billing.get(DeadLetters).list({ limit: 10 })).toEqual([]);
  });

  it('finishes what it began when the service shuts down, and leaves the rest to the next', async () => {
    let begun = 0;
    behaviour = async () => {
      begun += 1;
      await sleep(300);
    };
    const ids = await Promise.all(Array.from({ length: 12 }, () => add()));
    await eventually(() => expect(begun).toBeGreaterThan(0));
    await billing.close();
    const finished = Object.keys(await effects());
    expect(finished).toHaveLength(begun);
    // Acknowledged too, or it would come again.
    const unsettled = () => nats.unsettled(organizationCreated.stream, consumer);
    await eventually(async () => expect(await unsettled()).toBe(ids.length - begun));
    behaviour = () => Promise.resolve();
    billing = await startBilling();
    // Well before ack_wait: what was not begun had been handed back.
    await eventually(async () => expect(Object.keys(await effects()).sort()).toEqual(ids.sort()));
    expect(Object.values(await effects())).toEqual(ids.map(() => 1));
  });

  it('works again after NATS was killed, and after its store was wiped', async () => {
    await nats.restart();
    const first = await add();
    await effectOnce(first);
    await nats.wipe();
    const second = await add();
    await eventually(async () => expect(await effects()).toEqual({ [first]: 1, [second]: 1 }), 10_000);
  });

  /** Puts the event into the stream once more, under a message id the stream does not know. */
  async function deliverAgain(id: string): Promise<void> {
    const stored = (await nats.messages(organizationCreated.stream)) as EventEnvelope[];
    await nats.publish(
      'auth',
      organizationCreated.type,
      JSON.stringify(stored.find((event) => event.id === id)),
    );
  }
});

function envelope(override: Partial<EventEnvelope>): EventEnvelope {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: 'capsule/auth',
    type: organizationCreated.type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    data: organization,
    ...override,
  };
}

async function metric(name: string): Promise<number> {
  const { values } = await registry.getSingleMetric(name)!.get();
  return values.find(({ labels }) => labels['consumer'] === consumer)?.value ?? 0;
}
