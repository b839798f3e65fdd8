import { durables, streams } from '@capsule/contracts';
import { startTestNats, type TestNats } from '@capsule/testing';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import { provisionStreams } from './provisioning.js';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('provisioning', () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let manager: JetStreamManager;

  beforeAll(async () => {
    nats = await startTestNats();
    const { url, password } = nats.settings('admin');
    connection = await connect({ servers: url, user: 'admin', pass: password, inboxPrefix: '_INBOX_admin' });
    manager = await jetstreamManager(connection, { checkAPI: false });
  });
  afterAll(async () => {
    await connection.close();
    await nats.close();
  });

  it('makes a stream on disk for every kind of event, that nobody can purge', async () => {
    for (const { name, subjects, kind } of streams()) {
      const { config } = await manager.streams.info(name);
      expect(config).toMatchObject({
        subjects,
        storage: 'file',
        retention: 'limits',
        max_age: nanos(kind === 'fact' ? 14 * DAY_MS : DAY_MS),
        duplicate_window: nanos(120_000),
        deny_purge: true,
        deny_delete: true,
      });
    }
    await expect(manager.streams.purge('CAPSULE_AUTH')).rejects.toThrow(/not permitted/);
  });

  it('makes a durable for every consumer of every event, which delivers without end', async () => {
    for (const { name, stream, filterSubject } of durables()) {
      const { config } = await manager.consumers.info(stream, name);
      expect(config).toMatchObject({
        durable_name: name,
        filter_subject: filterSubject,
        ack_policy: 'explicit',
        max_deliver: -1,
      });
    }
  });

  it('changes nothing when it is run again, and restores what was changed', async () => {
    const [stream] = streams();
    const [durable] = durables();
    const before = await manager.streams.info(stream!.name);
    await manager.streams.update(stream!.name, { max_age: nanos(DAY_MS) });
    await manager.consumers.update(durable!.stream, durable!.name, { ack_wait: nanos(1_000) });
    await provisionStreams(nats.settings('admin'));
    await provisionStreams(nats.settings('admin'));
    const after = await manager.streams.info(stream!.name);
    expect(after.created).toBe(before.created);
    expect(after.config).toEqual(before.config);
    expect((await manager.consumers.info(durable!.stream, durable!.name)).config.ack_wait).toBe(
      nanos(10_000),
    );
  });

  it('leaves the creation time of a stream alone over restarts of the server: by it a lost stream is told', async () => {
    const [stream] = streams();
    const before = await manager.streams.info(stream!.name);
    for (let round = 0; round < 2; round += 1) {
      await nats.restart();
      await nats.provision();
    }
    const { url, password } = nats.settings('admin');
    const again = await connect({ servers: url, user: 'admin', pass: password, inboxPrefix: '_INBOX_admin' });
    const after = await (await jetstreamManager(again, { checkAPI: false })).streams.info(stream!.name);
    await again.close();
    expect(after.created).toBe(before.created);
  });
});
