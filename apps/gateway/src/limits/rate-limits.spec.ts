import { randomUUID } from 'node:crypto';
import { keySetGet, planList, projectList, sessionSignIn } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { startTestNats, TestIssuer, type TestNats } from '@capsule/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ada, operator, startGateway, type TestGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';

let nats: TestNats;
let issuer: TestIssuer;
let services: NestFastifyApplication[];
let gateway: TestGateway;
/** An address nobody else uses, because the allowances lie in a Redis that outlives the spec. */
let address: string;

beforeAll(async () => {
  nats = await startTestNats();
  issuer = await TestIssuer.create();
  services = await Promise.all([
    serve('auth', nats.settings('auth'), [
      answering(keySetGet, () => issuer.keySet()),
      answering(sessionSignIn, () => {
        throw new DomainError('auth.credentials.invalid');
      }),
    ]),
    serve('deploy', nats.settings('deploy'), [
      answering(projectList, () => ({ items: [], nextCursor: null })),
    ]),
    serve('billing', nats.settings('billing'), [
      answering(planList, () => ({ items: [], nextCursor: null })),
    ]),
  ]);
});
beforeEach(() => {
  address = `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}`;
});
afterEach(() => gateway.close());
afterAll(async () => {
  await Promise.all((services ?? []).map((service) => service.close()));
  await nats?.close();
});

async function start(variables: Record<string, string> = {}): Promise<void> {
  gateway = await startGateway({
    nats: nats.settings('gateway'),
    environment: process.env,
    variables: {
      GATEWAY_TRUST_PROXY: 'true',
      GATEWAY_LIMIT_PER_MINUTE: '5',
      GATEWAY_STRICT_LIMIT_PER_MINUTE: '3',
      ...variables,
    },
  });
}

async function statuses(count: number, send: () => Promise<Response>): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push((await send()).status);
  return all;
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { headers: { 'x-forwarded-for': `${address}::1`, ...headers } });
}

async function tokenOf(userId: string): Promise<{ authorization: string }> {
  const token = await issuer.token({ ...ada, userId, role: 'owner' });
  return { authorization: `Bearer ${token}` };
}

function signIn(): Promise<Response> {
  return fetch(`${gateway.url}/v1/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `${address}::1` },
    body: JSON.stringify({ email: 'ada@example.com', password: 'wrong' }),
  });
}

describe('the rate limit', () => {
  it('counts down, refuses by 429 and says when to come back', async () => {
    await start();
    const first = await get('/v1/billing/plans');
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=5;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"default";r=4;t=\d+$/);
    expect(await statuses(5, () => get('/v1/billing/plans'))).toEqual([200, 200, 200, 200, 429]);
    const refused = await get('/v1/billing/plans');
    expect(refused.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'platform.request.rate_limited', status: 429 });
  });

  it('is each user’s own, wherever they come from', async () => {
    await start();
    const [one, other] = await Promise.all([tokenOf(randomUUID()), tokenOf(randomUUID())]);
    expect(await statuses(6, () => get('/v1/projects', one))).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await get('/v1/projects', { ...one, 'x-forwarded-for': '203.0.113.9' })).status).toBe(429);
    expect((await get('/v1/projects', other)).status).toBe(200);
  });

  it('is stricter for signing in, and no token widens it', async () => {
    await start();
    expect(await statuses(4, signIn)).toEqual([401, 401, 401, 429]);
    expect((await get('/v1/billing/plans')).status).toBe(200);
  });

  it('counts guessed tokens by address', async () => {
    await start();
    const guess = { authorization: 'Bearer a.b.c' };
    expect(await statuses(6, () => get('/v1/projects', guess))).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('is not escaped by other addresses of one subscriber, nor by what a caller says of itself', async () => {
    await start();
    let host = 0;
    const rotating = () =>
      get('/v1/billing/plans', { 'x-forwarded-for': `198.51.100.1, ${address}::${(host += 1)}` });
    expect(await statuses(6, rotating)).toEqual([200, 200, 200, 200, 200, 429]);
    await gateway.close();
    await start({ GATEWAY_TRUST_PROXY: 'false', GATEWAY_LIMIT_PER_MINUTE: '1' });
    await get('/v1/billing/plans', { 'x-forwarded-for': '198.51.100.2' });
    expect((await get('/v1/billing/plans', { 'x-forwarded-for': '198.51.100.3' })).status).toBe(429);
  });

  it('holds without Redis too, and the gateway starts and serves without it', async () => {
    await start({ REDIS_PORT: '1' });
    expect(await statuses(6, () => get('/v1/billing/plans'))).toEqual([200, 200, 200, 200, 200, 429]);
    const ready = await fetch(`${gateway.url}/health/ready`, { headers: operator });
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { details: { redis: { status: 'degraded' } } },
    ]);
  });
});
