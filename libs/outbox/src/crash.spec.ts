import { execFile, fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { durableName, type EventEnvelope, organizationCreated } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { registry } from '@capsule/telemetry';
import {
  createTestDatabase,
  eventually,
  startEventService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';
import { OnEvent } from './on-event.decorator.js';
import { Outbox } from './outbox.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url));
const tenantId = randomUUID();
const consumer = durableName('billing', organizationCreated);
/** Longer than the durables' ack_wait, after which a message of a dead consumer is delivered again. */
const REDELIVERED_WITHIN_MS = 20_000;
/** Three processes that start, one after the other. */
const FLAPPED_WITHIN_MS = 60_000;

@Injectable()
class OrganizationConsumer {
  @OnEvent(organizationCreated)
  async count(event: EventEnvelope, tx: Transaction): Promise<void> {
    await tx.query(
      `UPDATE service_configuration
       SET settings = settings || jsonb_build_object($1::text, coalesce((settings ->> $1)::integer, 0) + 1)`,
      [event.id],
    );
  }
}

describe('a process killed at the worst moment', () => {
  let nats: TestNats;
  let authDatabase: TestDatabase;
  let billingDatabase: TestDatabase;
  const running: INestApplicationContext[] = [];

  beforeAll(async () => {
    // A process of its own runs what is built, not the sources.
    await promisify(execFile)(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', 'libs/testing'], {
      cwd: root,
    });
  }, 120_000);

  beforeEach(async () => {
    [nats, authDatabase, billingDatabase] = await Promise.all([
      startTestNats(),
      createTestDatabase('auth'),
      createTestDatabase('billing'),
    ]);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.close()));
    await Promise.all([nats.close(), authDatabase.close(), billingDatabase.close()]);
  });

  const authSettings = () => ({
    service: 'auth' as const,
    database: authDatabase.settings,
    nats: nats.settings('auth'),
  });
  const billingSettings = () => ({
    service: 'billing' as const,
    database: billingDatabase.settings,
    nats: nats.settings('billing'),
    providers: [OrganizationConsumer],
  });

  async function start(options: Parameters<typeof startEventService>[0]): Promise<INestApplicationContext> {
    const service = await startEventService(options);
    running.push(service);
    return service;
  }

  async function startAndWatchItDie(options: object): Promise<void> {
    const child = fork(fixture('dying-service'), {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const died = once(child, 'exit');
    child.send({ ...options, providers: undefined });
    expect(await died).toEqual([null, 'SIGKILL']);
  }

  function effects(): Promise<Record<string, number>> {
    return billingDatabase.asSuperuser(async (client) => {
      const { rows } = await client.query<{ settings: Record<string, number> }>(
        'SELECT settings FROM service_configuration',
      );
      return rows[0]!.settings;
    });
  }

  it('has published an event without marking it: the next relay does both, and the effect comes once', async () => {
    await startAndWatchItDie(authSettings());
    expect(await nats.messages(organizationCreated.stream)).toHaveLength(1);
    const [row] = await outboxRows();
    expect(row).toMatchObject({ published_at: null, attempts: 0 });

    await start(billingSettings());
    await eventually(async () => expect(await effects()).toEqual({ [row!.id]: 1 }));
    await start(authSettings());
    await eventually(async () =>
      expect(await outboxRows()).toMatchObject([{ attempts: 1, stream_sequence: '1' }]),
    );
    expect(await effects()).toEqual({ [row!.id]: 1 });
  });

  it('has committed an effect without acknowledging it: the event comes again and has no second effect', async () => {
    const auth = await start(authSettings());
    const id = await publish(auth, 'Acme');
    await startAndWatchItDie(billingSettings());
    expect(await effects()).toEqual({ [id]: 1 });

    await start(billingSettings());
    await eventually(async () => expect(await duplicates()).toBe(1), REDELIVERED_WITHIN_MS);
    expect(await effects()).toEqual({ [id]: 1 });
  });

  it('has ended on an event each time it was delivered: that becomes a dead letter, and the next is handled', async () => {
    const auth = await start(authSettings());
    await nats.redeliverAfter(organizationCreated.stream, consumer, 1_000);
    const deadly = await publish(auth, 'deadly');
    let deaths = 0;
    let child = flap();
    function flap(): ChildProcess {
      const started = fork(fixture('flapping-service'), {
        cwd: root,
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      started.send({ ...billingSettings(), providers: undefined, maxAttempts: 1 });
      started.once('exit', (code) => {
        if (code !== 1) return;
        deaths += 1;
        child = flap();
      });
      return started;
    }
    try {
      await eventually(
        async () =>
          expect(await billingRows('SELECT event_id, error, attempts FROM dead_letters')).toEqual([
            { event_id: deadly, error: 'its process ended while it was handled', attempts: 1 },
          ]),
        FLAPPED_WITHIN_MS,
      );
      const next = await publish(auth, 'harmless');
      // A server may deliver the deadly one twice at once, and so end one process more.
      await eventually(
        async () => expect(await billingRows('SELECT event_id FROM inbox')).toEqual([{ event_id: next }]),
        REDELIVERED_WITHIN_MS,
      );
    } finally {
      child.kill('SIGKILL');
    }
    // At the first delivery nothing is on record.
    expect(deaths).toBeGreaterThanOrEqual(2);
  }, 120_000);

  function publish(auth: INestApplicationContext, name: string): Promise<string> {
    return auth.get(Database).withTenant(tenantId, (tx) =>
      auth.get(Outbox).add(tx, organizationCreated, {
        organizationId: tenantId,
        name,
        slug: 'acme',
        ownerUserId: tenantId,
        ownerEmail: 'owner@acme.example',
        createdAt: '2026-01-01T00:00:00.000Z',
      }),
    );
  }

  function billingRows(sql: string): Promise<unknown[]> {
    return billingDatabase.asSuperuser(async (client) => (await client.query(sql)).rows as unknown[]);
  }

  function outboxRows(): Promise<
    { id: string; published_at: Date | null; attempts: number; stream_sequence: string }[]
  > {
    return authDatabase.asSuperuser(async (client) => (await client.query('SELECT * FROM outbox')).rows);
  }
});

async function duplicates(): Promise<number> {
  const { values } = await registry.getSingleMetric('capsule_event_duplicates_total')!.get();
  return values.find(({ labels }) => labels['consumer'] === consumer)?.value ?? 0;
}
