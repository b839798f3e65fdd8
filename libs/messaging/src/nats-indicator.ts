import { Injectable } from '@nestjs/common';
import { NatsConnection } from './nats-connection.js';

/** Tells readiness whether the bus answers. */
@Injectable()
export class NatsIndicator {
  readonly name = 'nats';

  constructor(private readonly connection: NatsConnection) {}

  async check(): Promise<{ up: boolean; detail?: string }> {
    try {
      await this.connection.isReady();
      return { up: true };
    } catch (error) {
      return { up: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }
}
