import { counter } from '@capsule/telemetry';
import { Injectable } from '@nestjs/common';
import type { Result } from 'ioredis';
import {
  decide,
  intervalUs,
  type RateLimitDecision,
  type RateLimitRule,
  type Verdict,
  windowUs,
} from './gcra.js';
import { LocalLimiter } from './local-limiter.js';
import { RedisConnection } from './redis-connection.js';

/** One round trip, atomic, by the clock of Redis, so that several gateways agree. Times in microseconds. */
const TAKE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next = arrival + interval
local wait = next - window - now
if wait > 0 then
  return {0, arrival - now, wait}
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return {1, next - now, 0}
`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeFromLimit(
      key: string,
      intervalUs: number,
      windowUs: number,
    ): Result<[number, number, number], Context>;
  }
}

/**
 * Limits requests per key. What holds when Redis is away: every process limits alone, in its memory, by the same rule; with n
 * gateways a caller may then send up to n times its limit, and a gateway that restarts forgets what was sent. Nobody is let
 * through unlimited, and nobody is refused because of Redis. `capsule_rate_limit_decisions_total{source="local"}` tells.
 */
@Injectable()
export class RateLimiter {
  private readonly local = new LocalLimiter();
  private readonly decisions = counter({
    name: 'capsule_rate_limit_decisions_total',
    help: 'Rate limit decisions by who made them (redis, or local while Redis is away) and outcome',
    labelNames: ['source', 'outcome'],
  });

  constructor(private readonly connection: RedisConnection) {
    connection.client.defineCommand('takeFromLimit', { numberOfKeys: 1, lua: TAKE });
    connection.client.on('ready', () => this.local.clear());
  }

  /** Takes one request from the limit of the key. Never rejects. */
  async take(key: string, rule: RateLimitRule): Promise<RateLimitDecision> {
    const verdict = await this.askRedis(key, rule);
    const decision = verdict
      ? decide(rule, verdict, 'redis')
      : decide(rule, this.local.take(key, rule), 'local');
    this.decisions.inc({ source: decision.source, outcome: decision.allowed ? 'allowed' : 'limited' });
    return decision;
  }

  private async askRedis(key: string, rule: RateLimitRule): Promise<Verdict | undefined> {
    if (!this.connection.isReady) return undefined;
    try {
      const [allowed, settledInUs, waitUs] = await this.connection.client.takeFromLimit(
        `limit:${key}`,
        intervalUs(rule),
        windowUs(rule),
      );
      return { allowed: allowed === 1, settledInUs, waitUs };
    } catch {
      // The connection logs its own state; a single command that failed or timed out shows in the metric.
      return undefined;
    }
  }
}
