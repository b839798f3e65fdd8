import { Injectable } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { NatsConnection } from './nats-connection.js';

export interface Publication {
  stream: string;
  sequence: number;
}

const PUBLISH_TIMEOUT_MS = 5_000;

/** Puts events on their stream. Facts go through the outbox, which calls this; measurements are published directly. */
@Injectable()
export class EventPublisher {
  private readonly client: JetStreamClient;

  constructor(private readonly connection: NatsConnection) {
    this.client = jetstream(connection.nc, { checkAPI: false });
  }

  /**
   * Resolves when the stream has stored the event.
   * @param payload the envelope as JSON, given as text where it is stored so
   * @throws Error when NATS is away, no stream takes the subject or the user may not publish it
   */
  async publish(type: string, id: string, payload: EventEnvelope | string): Promise<Publication> {
    // A disconnected client would queue the message and let the caller wait for its timeout.
    if (!this.connection.connected) throw new Error('not connected to NATS');
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const ack = await this.client.publish(type, text, { msgID: id, timeout: PUBLISH_TIMEOUT_MS, retries: 0 });
    return { stream: ack.stream, sequence: ack.seq };
  }
}
