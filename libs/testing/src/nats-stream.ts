import type { NatsSettings } from '@capsule/config';
import { NatsConnection, type NatsUser } from '@capsule/messaging';

interface StreamInfo {
  state: { first_seq: number; last_seq: number };
}
interface ConsumerInfo {
  config: Record<string, unknown>;
  num_pending: number;
  num_ack_pending: number;
}
interface StoredMessage {
  message?: { data: string };
}

/** @returns the parsed messages of a stream, oldest first */
export async function readStream(admin: NatsSettings, stream: string): Promise<unknown[]> {
  const connection = await NatsConnection.open('admin', admin);
  const ask = async <T>(verb: string, request: object): Promise<T> => {
    const answer = await connection.nc.request(`$JS.API.STREAM.${verb}.${stream}`, JSON.stringify(request));
    return answer.json<T>();
  };
  try {
    const { state } = await ask<StreamInfo>('INFO', {});
    const messages: unknown[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const { message } = await ask<StoredMessage>('MSG.GET', { seq });
      if (message) messages.push(JSON.parse(Buffer.from(message.data, 'base64').toString()));
    }
    return messages;
  } finally {
    await connection.close();
  }
}

/** Resolves when a stream has stored the payload, whatever it is. */
export async function publishRaw(
  user: NatsUser,
  settings: NatsSettings,
  subject: string,
  payload: string,
): Promise<void> {
  const connection = await NatsConnection.open(user, settings);
  try {
    await connection.nc.request(subject, payload);
  } finally {
    await connection.close();
  }
}

/** @returns how many messages a durable has not settled, delivered or not */
export async function countUnsettled(admin: NatsSettings, stream: string, durable: string): Promise<number> {
  const connection = await NatsConnection.open('admin', admin);
  try {
    const answer = await connection.nc.request(`$JS.API.CONSUMER.INFO.${stream}.${durable}`, '');
    const { num_pending, num_ack_pending } = answer.json<ConsumerInfo>();
    return num_pending + num_ack_pending;
  } finally {
    await connection.close();
  }
}

export async function changeAckWait(
  admin: NatsSettings,
  stream: string,
  durable: string,
  milliseconds: number,
): Promise<void> {
  const connection = await NatsConnection.open('admin', admin);
  try {
    const answer = await connection.nc.request(`$JS.API.CONSUMER.INFO.${stream}.${durable}`, '');
    const { config } = answer.json<ConsumerInfo>();
    const changed = { stream_name: stream, config: { ...config, ack_wait: milliseconds * 1e6 } };
    await connection.nc.request(
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${durable}`,
      JSON.stringify(changed),
    );
  } finally {
    await connection.close();
  }
}
