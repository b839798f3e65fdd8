import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { durableName, type EventEnvelope, organizationCreated } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import {
  createTestDatabase,
  startEventService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';
import { deadLetterCommand } from './dead-letter-command.js';
import { DeadLetters } from './dead-letters.js';
import { OnEvent } from './on-event.decorator.js';

const OLD_LETTER = `
  INSERT INTO dead_letters (id, consumer, event_id, event_type, envelope, error, attempts, created_at)
  VALUES ($1, $2, $3, $4, $5, 'poison', 3, now() - interval '1 day')`;
const YOUNGER_LETTERS = `
  INSERT INTO dead_letters (consumer, event_id, event_type, envelope, error, attempts)
  SELECT 'another', uuid_generate_v4(), 'another', '{}', 'poison', 3 FROM generate_series(1, 10000)`;

@Injectable()
class OrganizationConsumer {
  @OnEvent(organizationCreated)
  async takeItsTime(_event: EventEnvelope, _tx: Transaction): Promise<void> {
    await sleep(500);
  }
}

describe('replaying dead letters', () => {
  let nats: TestNats;
  let database: TestDatabase;
  let billing: INestApplicationContext;
  let id: string;

  beforeEach(async () => {
    [nats, database] = await Promise.all([startTestNats(), createTestDatabase('billing')]);
    billing = await startEventService({
      service: 'billing',
      database: database.settings,
      nats: nats.settings('billing'),
      providers: [OrganizationConsumer],
    });
    id = randomUUID();
    const event = envelope();
    const values = [id, durableName('billing', organizationCreated), event.id, event.type, event];
    await database.asSuperuser((client) => client.query(OLD_LETTER, values));
  });
  afterEach(async () => {
    await billing.close();
    await Promise.all([nats.close(), database.close()]);
  });

  async function replay(which: string): Promise<{ code: number; lines: string[] }> {
    const lines: string[] = [];
    const words = ['dead-letters', 'replay', which];
    const code = await deadLetterCommand(billing.get(DeadLetters), words, (line) => lines.push(line));
    return { code, lines };
  }

  it('finds one by its id behind ten thousand younger ones', async () => {
    await database.asSuperuser((client) => client.query(YOUNGER_LETTERS));
    expect(await replay(id)).toEqual({ code: 0, lines: ['1 replayed, 0 failed again'] });
  });

  it('does not count what somebody else replayed meanwhile', async () => {
    const both = await Promise.all([replay('--all'), replay(id)]);
    const lines = both.map((each) => each.lines.join()).sort();
    expect(lines).toEqual([
      '0 replayed, 0 failed again,1 were replayed by somebody else meanwhile',
      '1 replayed, 0 failed again',
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
  });

  it('tells when there is none of that id, be it an id or not', async () => {
    for (const which of [randomUUID(), 'nonsense']) {
      expect(await replay(which)).toEqual({ code: 1, lines: [`no open dead letter has the id ${which}`] });
    }
  });
});

function envelope() {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: 'capsule/auth',
    type: organizationCreated.type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: {
      organizationId: randomUUID(),
      name: 'Acme',
      slug: 'acme',
      ownerUserId: randomUUID(),
      ownerEmail: 'owner@acme.example',
      createdAt: '2026-01-01T00:00:00.000Z',
    },
  };
}
