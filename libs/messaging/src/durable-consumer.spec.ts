import { setTimeout as sleep } from 'node:timers/promises';
import { durableName, organizationCreated } from '@capsule/contracts';
import { eventually, startTestNats, type TestNats } from '@capsule/testing';
import { DurableConsumer } from './durable-consumer.js';
import type { DeliveredMessage } from './delivered-message.js';
import { NatsConnection } from './nats-connection.js';

const CONCURRENCY = 4;
const PULL_EXPIRES_MS = 1_000;

describe('a durable consumer', () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let consumer: DurableConsumer;
  let received: string[];
  let handler: (message: DeliveredMessage) => Promise<void>;

  const acknowledge = (message: DeliveredMessage): Promise<void> => {
    received.push(message.text());
    message.ack();
    return Promise.resolve();
  };

  beforeEach(async () => {
    received = [];
    handler = acknowledge;
    nats = await startTestNats();
    connection = await NatsConnection.open('billing', nats.settings('billing'));
    const durable = durableName('billing', organizationCreated);
    const options = {
      stream: organizationCreated.stream,
      durable,
      concurrency: CONCURRENCY,
      pullExpiresMs: PULL_EXPIRES_MS,
    };
    consumer = new DurableConsumer(connection, options, (message) => handler(message));
    consumer.start();
  });
  afterEach(async () => {
    await consumer.stop();
    await connection.close();
    await nats.close();
  });

  const publish = (payload: string) => nats.publish('auth', organizationCreated.type, payload);

  it('still receives at once after its requests for messages expired several times', async () => {
    await sleep(2.5 * PULL_EXPIRES_MS);
    await publish('late');
    await eventually(() => expect(received).toEqual(['late']), 2_000);
  });

  it('handles as many at the same time as it may, never more, and each once', async () => {
    let running = 0;
    let most = 0;
    handler = async (message) => {
      most = Math.max(most, (running += 1));
      await sleep(20);
      running -= 1;
      await acknowledge(message);
    };
    const payloads = Array.from({ length: 40 }, (_, index) => `${index}`);
    for (const payload of payloads) await publish(payload);
    await eventually(() => expect(received).toHaveLength(40));
    expect([...received].sort()).toEqual([...payloads].sort());
    expect(most).toBe(CONCURRENCY);
  });

  it('tells how often and as what a message came, and has it again after the delay it asks for', async () => {
    const deliveries: { count: number; sequence: number; at: number }[] = [];
    handler = (message) => {
      const { deliveryCount: count, streamSequence: sequence } = message;
      deliveries.push({ count, sequence, at: Date.now() });
      if (count === 1) message.nak(300);
      else message.ack();
      expect(Math.abs(Date.now() - message.storedAt.getTime())).toBeLessThan(5_000);
      return Promise.resolve();
    };
    await publish('again');
    await eventually(() => expect(deliveries).toHaveLength(2));
    expect(deliveries).toMatchObject([
      { count: 1, sequence: 1 },
      { count: 2, sequence: 1 },
    ]);
    expect(deliveries[1]!.at - deliveries[0]!.at).toBeGreaterThanOrEqual(290);
  });

  it('does not have a message again that it terminated', async () => {
    let count = 0;
    handler = (message) => {
      count += 1;
      message.terminate();
      return Promise.resolve();
    };
    await publish('no more');
    await eventually(() => expect(count).toBe(1));
    await nats.restart();
    await publish('another');
    await eventually(() => expect(count).toBe(2));
  });

  it('goes on when the server was killed and came back', async () => {
    await nats.restart();
    await publish('after');
    await eventually(() => expect(received).toEqual(['after']));
  });

  it('goes on soon when its durable is made later than it asks for it', async () => {
    await nats.lose();
    await sleep(1_000);
    await nats.provision();
    await publish('after');
    await eventually(() => expect(received).toEqual(['after']), 4_000);
  });
});
