import { isDeepStrictEqual } from 'node:util';
import { durables, streams, type Durable, type Stream } from '@capsule/contracts';
import type { NatsSettings } from '@capsule/config';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { inboxPrefixOf } from './nats-configuration.js';

const HOUR_MS = 60 * 60 * 1000;
const MEBIBYTE = 1024 * 1024;

/** A fact stays long enough to outlive any outage of a consumer; after it the outbox rows still hold it. */
const FACTS_MAX_AGE_MS = 14 * 24 * HOUR_MS;
const MEASUREMENTS_MAX_AGE_MS = 24 * HOUR_MS;
const MEASUREMENTS_MAX_BYTES = 512 * MEBIBYTE;
const DUPLICATE_WINDOW_MS = 2 * 60 * 1000;
/** A consumer that died has its events delivered again after this; one that is merely slow finds its inbox row locked. */
const ACK_WAIT_MS = 10_000;
/** Events waiting out a backoff count too, so it must be far above what is handled at once. */
const MAX_ACK_PENDING = 1_000;

/**
 * Creates or updates every stream and durable the contracts name; running it again changes nothing.
 * Needs the admin user: services have no right to it, so that none can purge or redirect another's events.
 */
export async function provisionStreams(admin: NatsSettings): Promise<void> {
  const connection = await connect({
    servers: admin.url,
    user: 'admin',
    pass: admin.password,
    name: 'capsule-provisioning',
    inboxPrefix: inboxPrefixOf('admin'),
    reconnect: false,
  });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for (const stream of streams()) await provisionStream(manager, stream);
    for (const durable of durables()) await provisionDurable(manager, durable);
  } finally {
    await connection.close();
  }
}

async function provisionStream(manager: JetStreamManager, stream: Stream): Promise<void> {
  const config = streamConfig(stream);
  const found = await find(manager.streams.info(stream.name), JetStreamApiCodes.StreamNotFound);
  if (!found) await manager.streams.add({ name: stream.name, ...config });
  // An update after a restart moves the creation time of a stream that stays as it was (seen on 2.9.10), and by that
  // time the relay tells whether a stream was lost.
  else if (!isDeepStrictEqual({ ...found.config, ...config }, found.config)) {
    await manager.streams.update(stream.name, config);
  }
}

async function provisionDurable(manager: JetStreamManager, durable: Durable): Promise<void> {
  const config = durableConfig(durable);
  if (await find(manager.consumers.info(durable.stream, durable.name), JetStreamApiCodes.ConsumerNotFound)) {
    await manager.consumers.update(durable.stream, durable.name, config);
  } else {
    await manager.consumers.add(durable.stream, { ...config, durable_name: durable.name });
  }
}

function streamConfig(stream: Stream): Partial<StreamConfig> {
  const fact = stream.kind === 'fact';
  return {
    subjects: stream.subjects,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(fact ? FACTS_MAX_AGE_MS : MEASUREMENTS_MAX_AGE_MS),
    max_bytes: fact ? -1 : MEASUREMENTS_MAX_BYTES,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    deny_delete: true,
    deny_purge: true,
  };
}

/** max_deliver is unlimited because the consumer itself writes the dead letter, and then terminates the message. */
function durableConfig(durable: Durable): Partial<ConsumerConfig> {
  return {
    filter_subject: durable.filterSubject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: nanos(ACK_WAIT_MS),
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
  };
}

async function find<Info>(info: Promise<Info>, notFoundCode: number): Promise<Info | undefined> {
  try {
    return await info;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === notFoundCode) return undefined;
    throw error;
  }
}
