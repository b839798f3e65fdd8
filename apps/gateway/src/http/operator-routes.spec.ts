import { startTestNats, type TestNats } from '@capsule/testing';
import { startGateway, type TestGateway } from '../gateway.fixture.js';

let nats: TestNats;
let gateway: TestGateway;

beforeAll(async () => {
  nats = await startTestNats();
});
afterEach(() => gateway.close());
afterAll(() => nats?.close());

async function start(variables: Record<string, string>): Promise<void> {
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env, variables });
}

async function get(path: string, forwardedFor?: string) {
  const headers: Record<string, string> =
    forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const response = await fetch(`${gateway.url}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}

describe('metrics and the details of readiness', () => {
  it('are for operators, by default those on this machine', async () => {
    await start({});
    expect((await get('/metrics')).text).toContain('capsule_gateway_circuit_open');
    expect(JSON.parse((await get('/health/ready')).text)).toHaveProperty('details.nats');
  });

  it('do not exist for the world behind a proxy, whether its word is believed or not', async () => {
    for (const GATEWAY_TRUST_PROXY of ['true', 'false']) {
      await start({ GATEWAY_TRUST_PROXY });
      const metrics = await get('/metrics', '203.0.113.7');
      expect([metrics.status, JSON.parse(metrics.text)]).toMatchObject([
        404,
        { code: 'platform.route.not_found' },
      ]);
      const ready = await get('/health/ready', '203.0.113.7');
      expect(Object.keys(JSON.parse(ready.text) as object)).toEqual(['status']);
      expect((await get('/health/live', '203.0.113.7')).status).toBe(200);
      if (GATEWAY_TRUST_PROXY === 'true') await gateway.close();
    }
  });

  it('are not reached by claiming an operator’s address', async () => {
    await start({ GATEWAY_TRUST_PROXY: 'true', GATEWAY_OPERATOR_ADDRESSES: '10.0.0.0/8' });
    expect((await get('/metrics', '10.1.2.3, 203.0.113.7')).status).toBe(404);
    expect((await get('/metrics')).status).toBe(404);
    expect((await get('/metrics', '10.1.2.3')).status).toBe(200);
  });
});
