import type { RedisSettings } from '@capsule/config';
import { type DynamicModule, Module } from '@nestjs/common';
import { RateLimiter } from './rate-limiter.js';
import { RedisConnection } from './redis-connection.js';

@Module({})
export class CacheModule {
  /** Global: one connection for the process. */
  static forApp(settings: RedisSettings): DynamicModule {
    return {
      module: CacheModule,
      global: true,
      providers: [{ provide: RedisConnection, useFactory: () => new RedisConnection(settings) }, RateLimiter],
      exports: [RedisConnection, RateLimiter],
    };
  }
}
