import { setTimeout as sleep } from 'node:timers/promises';
import { registry } from '@capsule/telemetry';
import { eventually, startTestRedis, testRedis, TestRedis } from '@capsule/testing';
import { LocalLimiter } from './local-limiter.js';
import { RateLimiter } from './rate-limiter.js';
import { RedisConnection } from './redis-connection.js';
import { RedisIndicator } from './redis-indicator.js';

const FIVE_A_MINUTE = { limit: 5, windowSeconds: 60 };

async function takeMany(limiter: RateLimiter, key: string, count: number) {
  return Promise.all(Array.from({ length: count }, () => limiter.take(key, FIVE_A_MINUTE)));
}

describe('RateLimiter with Redis', () => {
  let redis: Awaited<ReturnType<typeof testRedis>>;
  let connections: RedisConnection[];
  let limiters: RateLimiter[];

  beforeAll(async () => {
    redis = await testRedis();
    connections = [0, 1].map(() => new RedisConnection(redis.settings, redis.keyPrefix));
    limiters = connections.map((connection) => new RateLimiter(connection));
    await Promise.all(connections.map((connection) => connection.onModuleInit()));
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await redis.close();
  });

  it('counts down, then refuses and tells when to come again', async () => {
    const [limiter] = limiters as [RateLimiter];
    const taken = [];
    for (let i = 0; i < 6; i++) taken.push(await limiter.take('steady', FIVE_A_MINUTE));
    expect(taken.map(({ remaining }) => remaining)).toEqual([4, 3, 2, 1, 0, 0]);
    expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true, false]);
    expect(taken[4]).toMatchObject({ limit: 5, retryAfterSeconds: 0, resetSeconds: 60, source: 'redis' });
    expect(taken[5]).toMatchObject({ retryAfterSeconds: 12, resetSeconds: 60 });
  });

  it('lets exactly the limit through when 40 requests reach two processes at one instant', async () => {
    const decisions = (await Promise.all(limiters.map((limiter) => takeMany(limiter, 'burst', 20)))).flat();
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(decisions.every(({ source }) => source === 'redis')).toBe(true);
  });

  it('lets one more through per interval, and no second limit at a window border', async () => {
    const [limiter] = limiters as [RateLimiter];
    const rule = { limit: 5, windowSeconds: 5 };
    const take = () => limiter.take('interval', rule);
    for (let i = 0; i < 5; i++) await take();
    expect((await take()).allowed).toBe(false);
    await sleep(1_050);
    expect((await take()).allowed).toBe(true);
    expect((await take()).allowed).toBe(false);
  });

  it('keeps keys apart and leaves no key behind for longer than its window', async () => {
    const [limiter] = limiters as [RateLimiter];
    await takeMany(limiter, 'mine', 6);
    expect((await limiter.take('yours', FIVE_A_MINUTE)).allowed).toBe(true);
    const ttlMs = await connections[0]!.client.pttl('limit:mine');
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });
});

describe('RateLimiter while Redis is away', () => {
  let redis: TestRedis;
  let connection: RedisConnection;
  let limiter: RateLimiter;

  beforeEach(async () => {
    redis = await startTestRedis();
    connection = new RedisConnection(redis.settings);
    limiter = new RateLimiter(connection);
  });
  afterEach(async () => {
    redis.thaw();
    await connection.close();
    await redis.close();
  });

  async function localDecisions(): Promise<number> {
    const metric = await registry.getSingleMetric('capsule_rate_limit_decisions_total')?.get();
    return (metric?.values ?? [])
      .filter(({ labels }) => labels['source'] === 'local')
      .reduce((sum, { value }) => sum + value, 0);
  }

  it('limits alone, at once, tells so in the metric, and asks Redis again when it is back', async () => {
    await connection.onModuleInit();
    expect((await limiter.take('key', FIVE_A_MINUTE)).source).toBe('redis');
    await redis.stop();
    const before = await localDecisions();
    const startedAt = performance.now();
    const decisions = await takeMany(limiter, 'key', 8);
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(decisions.at(-1)).toMatchObject({ allowed: false, source: 'local', retryAfterSeconds: 12 });
    expect(await localDecisions()).toBe(before + 8);
    expect((await new RedisIndicator(connection).check()).up).toBe(false);

    await redis.start();
    await eventually(async () => expect((await limiter.take('key', FIVE_A_MINUTE)).source).toBe('redis'));
    expect((await new RedisIndicator(connection).check()).up).toBe(true);
  });

  it('starts without Redis and finds it later', async () => {
    await redis.stop();
    await connection.onModuleInit();
    expect((await limiter.take('key', FIVE_A_MINUTE)).source).toBe('local');
    await redis.start();
    await eventually(async () => expect((await limiter.take('key', FIVE_A_MINUTE)).source).toBe('redis'));
  });

  it('does not wait for a Redis that hangs', async () => {
    await connection.onModuleInit();
    await limiter.take('key', FIVE_A_MINUTE);
    redis.freeze();
    const startedAt = performance.now();
    expect((await limiter.take('key', FIVE_A_MINUTE)).source).toBe('local');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('LocalLimiter', () => {
  it('forgets the oldest keys rather than grow without bound', () => {
    let nowMs = 0;
    const limiter = new LocalLimiter(() => nowMs);
    for (let i = 0; i < 50_000; i++) {
      nowMs += 0.01;
      limiter.take(`key-${i}`, FIVE_A_MINUTE);
    }
    expect(limiter.size).toBeLessThanOrEqual(20_000);
  });
});
