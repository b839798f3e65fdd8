import { Injectable } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { headers } from '@nats-io/transport-node';
import { NatsConnection } from './nats-connection.js';

export interface Publication {
  stream: string;
  sequence: number;
}

/** The answer of a stream to a message that was published to it (JetStream wire API, "Publishing to Streams"). */
interface PublishAnswer {
  stream?: string;
  seq?: number;
  error?: { description?: string };
}

const PUBLISH_TIMEOUT_MS = 5_000;
/** A stream takes a message of the same id once within its duplicate window. */
const MESSAGE_ID = 'Nats-Msg-Id';

/** Puts events on their stream. Facts go through the outbox, which calls this; measurements are published directly. */
@Injectable()
export class EventPublisher {
  constructor(private readonly connection: NatsConnection) {}

  /**
   * Resolves when the stream has stored the event.
   * @param payload the envelope as JSON, given as text where it is stored so
   * @throws Error when NATS is away, or no stream takes the subject or none answers in time: as when the user may not
   *   publish it
   */
  async publish(type: string, id: string, payload: EventEnvelope | string): Promise<Publication> {
    // A disconnected client would queue the message and let the caller wait for its timeout.
    if (!this.connection.connected) throw new Error('not connected to NATS');
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const head = headers();
    head.set(MESSAGE_ID, id);
    const message = await this.connection.requests.request(type, text, head, PUBLISH_TIMEOUT_MS);
    const { stream, seq: sequence, error } = message.json<PublishAnswer>();
    if (error || stream === undefined || sequence === undefined) {
      throw new Error(`the stream did not take the event: ${error?.description ?? 'no reason given'}`);
    }
    return { stream, sequence };
  }
}
