export { CacheModule } from './cache.module.js';
export type { RateLimitDecision, RateLimitRule } from './gcra.js';
export { RateLimiter } from './rate-limiter.js';
export { RedisConnection } from './redis-connection.js';
export { RedisIndicator } from './redis-indicator.js';
