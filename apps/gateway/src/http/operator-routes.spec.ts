import { startTestNats, type TestNats } from '@capsule/testing';
import { operator, startGateway, type TestGateway } from '../gateway.fixture.js';

let nats: TestNats;
let gateway: TestGateway;

beforeAll(async () => {
  nats = await startTestNats();
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
afterAll(async () => {
  await gateway?.close();
  await nats?.close();
});

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}${path}`, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('metrics and the details of readiness of the process the world can reach', () => {
  it('are for operators', async () => {
    expect((await get('/metrics', operator)).text).toContain('capsule_gateway_circuit_open');
    expect(JSON.parse((await get('/health/ready', operator)).text)).toHaveProperty('details.nats');
  });

  it('are for nobody else, from wherever: neither this machine nor who has signed in', async () => {
    const session = { authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJyb2xlIjoib3duZXIifQ.c2lnbmVk' };
    const callers: Record<string, string>[] = [{}, session, { 'x-forwarded-for': '127.0.0.1' }];
    for (const headers of callers) {
      const metrics = await get('/metrics', headers);
      expect([metrics.status, metrics.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      // A problem of the gateway, with all that each of its answers has.
      expect(JSON.parse(metrics.text)).toHaveProperty('requestId', metrics.headers.get('x-request-id'));
      expect(metrics.headers.get('cache-control')).toBe('no-store');
      const ready = await get('/health/ready', headers);
      expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { status: 'ok' }]);
      expect((await get('/health/live', headers)).status).toBe(200);
    }
  });
});
