import type { RedisSettings } from '@capsule/config';
import { gauge } from '@capsule/telemetry';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';

const CONNECT_TIMEOUT_MS = 2_000;
/** On loopback a command takes a fraction of a millisecond; one that hangs must not hold a request. */
const COMMAND_TIMEOUT_MS = 250;
const RECONNECT_DELAY_MAX_MS = 2_000;

/**
 * The one connection of the process to Redis. Nothing in Capsule needs Redis to be right, so its absence is no failure to
 * start: commands fail at once while it is away (none is queued), and it is dialled again for ever.
 */
@Injectable()
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  /** Commands of one turn of the event loop travel together. */
  readonly client: Redis;
  private readonly logger = new Logger(RedisConnection.name);
  private away = false;

  constructor(settings: RedisSettings, keyPrefix = 'capsule:') {
    this.client = new Redis({
      host: settings.host,
      port: settings.port,
      password: settings.password,
      db: settings.db,
      keyPrefix,
      lazyConnect: true,
      enableAutoPipelining: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_DELAY_MAX_MS),
    });
    this.client.on('error', (error: Error) => this.tellAway(error));
    this.client.on('ready', () => this.tellBack());
    const { client } = this;
    gauge({
      name: 'capsule_redis_connected',
      help: '1 while Redis can be used',
      collect() {
        this.set(client.status === 'ready' ? 1 : 0);
      },
    });
  }

  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  async onModuleInit(): Promise<void> {
    // The error event tells why; the connection goes on trying.
    await this.client.connect().catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Commands that were sent are answered before the connection ends. */
  async close(): Promise<void> {
    if (this.isReady) await this.client.quit().catch(() => undefined);
    this.client.disconnect();
  }

  private tellAway(error: Error): void {
    if (this.away) return;
    this.away = true;
    this.logger.warn('Redis is away; limits are kept in this process until it is back', error);
  }

  private tellBack(): void {
    if (this.away) this.logger.log('Redis is back');
    this.away = false;
  }
}
