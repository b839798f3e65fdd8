import { keySetGet, planList } from '@capsule/contracts';
import { registry } from '@capsule/telemetry';
import { eventually, startTestNats, type TestNats } from '@capsule/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { operator, startGateway, type TestGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';

let nats: TestNats;
let gateway: TestGateway;
let auth: NestFastifyApplication;
let billing: NestFastifyApplication | undefined;

const serveBilling = () =>
  serve('billing', nats.settings('billing'), [answering(planList, () => ({ items: [], nextCursor: null }))]);

beforeAll(async () => {
  nats = await startTestNats();
  auth = await serve('auth', nats.settings('auth'), [answering(keySetGet, () => ({ keys: [] }))]);
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([auth?.close(), billing?.close()]);
  await nats?.close();
});

async function plans() {
  const response = await fetch(`${gateway.url}/v1/billing/plans`);
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

async function openCircuits(): Promise<string> {
  return (await registry.getSingleMetricAsString('capsule_gateway_circuit_open'))
    .split('\n')
    .filter((line) => line.endsWith(' 1'))
    .join('\n');
}

describe('a service that is away', () => {
  it('is not asked again for a while, is found when it is back, and takes no other service with it', async () => {
    for (let count = 0; count < 6; count += 1) expect(await plans()).toMatchObject({ status: 503 });
    expect(await openCircuits()).toContain('service="billing"');

    billing = await serveBilling();
    expect(await plans()).toEqual({ status: 503, retryAfter: expect.stringMatching(/^[12]$/) as string });
    expect((await fetch(`${gateway.url}/.well-known/jwks.json`)).status).toBe(200);

    await eventually(async () => expect(await plans()).toMatchObject({ status: 200 }));
    expect(await openCircuits()).toBe('');
  });

  it('comes back by itself when NATS was away', async () => {
    await nats.restart();
    await eventually(async () => expect(await plans()).toMatchObject({ status: 200 }), 15_000);
  });
});

describe('a service that is restarted', () => {
  it('keeps its callers waiting for as long as that takes, and is asked once by each', async () => {
    await eventually(async () => expect(await plans()).toMatchObject({ status: 200 }));
    await billing?.close();
    const waiting = Promise.all(Array.from({ length: 8 }, plans));
    let asked = 0;
    billing = await serve('billing', nats.settings('billing'), [
      answering(planList, () => ((asked += 1), { items: [], nextCursor: null })),
    ]);
    for (const { status } of await waiting) expect(status).toBe(200);
    expect(asked).toBe(8);
    expect(await openCircuits()).toBe('');
  });
});

describe('the readiness of the gateway', () => {
  it('fails while NATS is away and tells outsiders nothing but that', async () => {
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
    await nats.stop();
    await eventually(async () => {
      const ready = await fetch(`${gateway.url}/health/ready`);
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'error' }]);
    });
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    const told = await fetch(`${gateway.url}/health/ready`, { headers: operator });
    expect(await told.json()).toMatchObject({ details: { nats: { status: 'down' } } });
    await nats.start();
    await eventually(async () => expect((await plans()).status).toBe(200), 15_000);
  });
});
