import type { NatsSettings } from '@capsule/config';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** @returns the parsed messages of a stream, oldest first */
export async function readStream(admin: NatsSettings, stream: string): Promise<unknown[]> {
  const { url, user, password } = admin;
  const connection = await connect({
    servers: url,
    user,
    pass: password,
    inboxPrefix: `_INBOX_${user}`,
    reconnect: false,
  });
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
