import { Injectable } from '@nestjs/common';
import { RedisConnection } from './redis-connection.js';

/** Tells readiness whether Redis answers. Optional: without Redis the process serves on, with limits of its own. */
@Injectable()
export class RedisIndicator {
  readonly name = 'redis';
  readonly optional = true;

  constructor(private readonly connection: RedisConnection) {}

  async check(): Promise<{ up: boolean; detail?: string }> {
    if (!this.connection.isReady)
      return { up: false, detail: `connection: ${this.connection.client.status}` };
    await this.connection.client.ping();
    return { up: true };
  }
}
