import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { durableName, type EventEnvelope, organizationCreated } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
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

const MAX_ATTEMPTS = 3;
const tenantId = randomUUID();
const consumer = durableName('billing', organizationCreated);
const ids = [randomUUID(), randomUUID(), randomUUID()];

/** Fails the first time it sees an event for no fault of the event's, so that it comes again. */
@Injectable()
class OrganizationConsumer {
  static begun: string[] = [];
  static running = 0;
  static together = 0;

  @OnEvent(organizationCreated)
  async handle({ id }: EventEnvelope, _tx: Transaction): Promise<void> {
    const isFirst = !OrganizationConsumer.begun.includes(id);
    OrganizationConsumer.begun.push(id);
    if (isFirst) throw new DomainError('platform.upstream.unavailable');
    OrganizationConsumer.together = Math.max(OrganizationConsumer.together, ++OrganizationConsumer.running);
    await sleep(20);
    OrganizationConsumer.running -= 1;
  }
}

describe('an event in the middle of which its process ended', () => {
  let nats: TestNats;
  let database: TestDatabase;
  let billing: INestApplicationContext;

  beforeEach(async () => {
    OrganizationConsumer.begun = [];
    [nats, database] = await Promise.all([startTestNats(), createTestDatabase('billing')]);
    billing = await startEventService({
      service: 'billing',
      database: database.settings,
      nats: nats.settings('billing'),
      providers: [OrganizationConsumer],
      maxAttempts: MAX_ATTEMPTS,
    });
  });
  afterEach(async () => {
    await billing.close();
    await Promise.all([nats.close(), database.close()]);
  });

  async function deliver({ used }: { used: number }): Promise<void> {
    await rows(`
      INSERT INTO event_attempts (consumer, event_id, tenant_id, used, is_begun)
      SELECT '${consumer}', unnest('{${ids.join()}}'::uuid[]), '${tenantId}', ${used}, true`);
    for (const id of ids) {
      await nats.publish('auth', organizationCreated.type, JSON.stringify(envelope(id)));
    }
  }

  function rows(sql: string): Promise<unknown[]> {
    return database.asSuperuser(async (client) => (await client.query(sql)).rows as unknown[]);
  }

  it('is tried again alone among its like', async () => {
    await deliver({ used: MAX_ATTEMPTS - 1 });
    await eventually(async () => expect(await rows('SELECT FROM inbox')).toHaveLength(ids.length), 10_000);
    expect(OrganizationConsumer.begun).toHaveLength(2 * ids.length);
    expect(OrganizationConsumer.together).toBe(1);
    expect(await rows('SELECT FROM event_attempts')).toEqual([]);
    expect(await rows('SELECT FROM dead_letters')).toEqual([]);
  });

  it('becomes a dead letter without being run when that was the last attempt it is allowed', async () => {
    await deliver({ used: MAX_ATTEMPTS });
    const letters = billing.get(DeadLetters);
    const error = 'its process ended while it was handled';
    await eventually(
      async () =>
        expect(await letters.list({ limit: 10 })).toEqual(
          ids.map(() => expect.objectContaining({ error, attempts: MAX_ATTEMPTS })),
        ),
      10_000,
    );
    // The first deliveries, which look at no record.
    expect(OrganizationConsumer.begun).toHaveLength(ids.length);
    expect(await rows('SELECT FROM event_attempts')).toEqual([]);
  });
});

function envelope(id: string): EventEnvelope {
  return {
    specversion: '1.0',
    id,
    source: 'capsule/auth',
    type: organizationCreated.type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: tenantId,
    data: {
      organizationId: tenantId,
      name: 'Acme',
      slug: 'acme',
      ownerUserId: tenantId,
      ownerEmail: 'owner@acme.example',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
  };
}
