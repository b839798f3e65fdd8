import type { NatsSettings } from '@capsule/config';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** @returns the parsed messages of a stream, oldest first */
export async function readStream(admin: NatsSettings, stream: string): Promise<unknown[]> {
  const connection = await connectAs(admin);
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const { state } = await manager.streams.info(stream);
    const messages: unknown[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message) messages.push(message.json());
    }
    return messages;
  } finally {
    await connection.close();
  }
}

/** Resolves when the stream has stored the payload, whatever it is. */
export async function publishRaw(settings: NatsSettings, subject: string, payload: string): Promise<void> {
  const connection = await connectAs(settings);
  try {
    await jetstream(connection).publish(subject, payload);
  } finally {
    await connection.close();
  }
}

function connectAs({ url, user, password }: NatsSettings): Promise<NatsConnection> {
  return connect({
    servers: url,
    user,
    pass: password,
    inboxPrefix: `_INBOX_${user}`,
    reconnect: false,
  });
}
