import { Injectable } from '@nestjs/common';
import { JetStreamApiCodes } from '@nats-io/jetstream';
import { z } from 'zod';
import { NatsConnection } from './nats-connection.js';

export interface StreamState {
  /** RFC 3339 as the server writes it, to the nanosecond: it tells a stream from one made anew under its name. */
  created: string;
  /** 0 while the stream never held a message. */
  lastSequence: number;
}

const INSPECT_TIMEOUT_MS = 3_000;

const streamInfo = z.union([
  z.object({ created: z.string(), state: z.object({ last_seq: z.int() }) }),
  z.object({ error: z.object({ err_code: z.int().optional(), description: z.string().optional() }) }),
]);

/** Looks at a service's own streams; it has no right to more of JetStream's API than that. */
@Injectable()
export class StreamInspector {
  constructor(private readonly connection: NatsConnection) {}

  /**
   * @returns undefined when the stream does not exist
   * @throws Error when JetStream does not answer
   */
  async inspect(stream: string): Promise<StreamState | undefined> {
    if (!this.connection.connected) throw new Error('not connected to NATS');
    const answer = await this.connection.nc.request(`$JS.API.STREAM.INFO.${stream}`, '', {
      timeout: INSPECT_TIMEOUT_MS,
    });
    const info = streamInfo.parse(answer.json());
    if (!('error' in info)) return { created: info.created, lastSequence: info.state.last_seq };
    if (info.error.err_code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw new Error(
      `JetStream refused to describe ${stream}: ${info.error.description ?? 'no reason given'}`,
    );
  }
}
