import { type Endpoint, endpoints, honoursIdempotencyKey, pathParameters } from '@capsule/contracts';
import { startTestNats, TestIssuer, type TestNats } from '@capsule/testing';
import { openApiDocument } from '../documentation/openapi.js';
import { bearer, startGateway, type TestGateway } from '../gateway.fixture.js';
import { routerPath } from './router-path.js';

const id = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03';

let nats: TestNats;
let issuer: TestIssuer;
let foreign: TestIssuer;
let gateway: TestGateway;

beforeAll(async () => {
  nats = await startTestNats();
  [issuer, foreign] = await Promise.all([TestIssuer.create(), TestIssuer.create()]);
  await issuer.answerForKeys(nats);
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
afterAll(async () => {
  await gateway?.close();
  await issuer?.close();
  await nats?.close();
});

/** A request to the endpoint that is fine but for what is added to it. */
async function send(
  endpoint: Endpoint,
  headers: Record<string, string>,
  extra: Record<string, unknown> = {},
) {
  const { method, path, example } = endpoint;
  const url = new URL(path.replace(/\{\w+\}/g, id), gateway.url);
  const inQuery = method === 'GET' || method === 'DELETE';
  if (inQuery) for (const [name, value] of Object.entries(extra)) url.searchParams.set(name, String(value));
  const body = inQuery ? undefined : JSON.stringify({ ...example, ...extra });
  const response = await fetch(url, {
    method,
    body,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });
  const problem = (await response.json()) as { code: string; errors?: { path: string }[] };
  return { status: response.status, problem, headers: response.headers };
}

const bearerEndpoints = endpoints.filter(({ security }) => security === 'bearer');

describe('every endpoint', () => {
  it('is a route, and the API has no other', () => {
    const instance = gateway.app.getHttpAdapter().getInstance();
    const missing = endpoints.filter(
      ({ method, path }) => !instance.hasRoute({ method, url: routerPath(path) }),
    );
    expect(missing).toEqual([]);
    const known = new Set([...endpoints.map(({ path }) => routerPath(path)), '/v1/openapi.json', '*']);
    const pages = /^\/$|^\/docs|^\/health\/|^\/metrics$/;
    expect([...gateway.paths].filter((path) => !known.has(path) && !pages.test(path))).toEqual([]);
  });

  it('is documented, and nothing else is', () => {
    const documented = Object.entries(openApiDocument().paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(endpoints.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it.each([...new Set(endpoints.map(({ path }) => path))])(
    '%s answers 405 to every other method',
    async (path) => {
      const served = endpoints
        .filter((endpoint) => endpoint.path === path)
        .map(({ method }) => method as string);
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PURGE', 'PROPFIND'].filter(
        (each) => !served.includes(each),
      )) {
        const response = await fetch(new URL(path.replace(/\{\w+\}/g, id), gateway.url), { method });
        expect([method, response.status]).toEqual([method, 405]);
        expect(response.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(served));
      }
    },
  );

  it.each(bearerEndpoints)('$method $path answers 401 without a token', async (endpoint) => {
    const { status, problem, headers } = await send(endpoint, {});
    expect([status, problem.code]).toEqual([401, 'auth.token.missing']);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(bearerEndpoints)('$method $path answers 401 to what is no token of ours', async (endpoint) => {
    const fine = (await bearer(issuer)).authorization;
    const forged = (await bearer(foreign)).authorization;
    const unsigned = `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${fine.split('.')[1]}.`;
    for (const authorization of [
      'Bearer nonsense',
      'Bearer a.b.c',
      `${fine}=`,
      `${fine} `,
      forged,
      unsigned,
    ]) {
      if (authorization.endsWith(' ')) continue;
      const { status, problem } = await send(endpoint, { authorization });
      expect([authorization.slice(0, 20), status, problem.code]).toEqual([
        authorization.slice(0, 20),
        401,
        'auth.token.invalid',
      ]);
    }
    for (const authorization of ['Basic YTpi', 'Bearer']) {
      expect((await send(endpoint, { authorization })).problem.code).toBe('auth.token.missing');
    }
  });

  it.each(bearerEndpoints)('$method $path answers 401 before it looks at the body', async (endpoint) => {
    const response = await fetch(new URL(endpoint.path.replace(/\{\w+\}/g, id), gateway.url), {
      method: endpoint.method,
      ...(endpoint.method !== 'GET' && { body: '{', headers: { 'content-type': 'text/nonsense' } }),
    });
    expect(response.status).toBe(401);
  });

  it.each(endpoints)('$method $path answers 422 to a field it does not know', async (endpoint) => {
    const { status, problem } = await send(endpoint, await bearer(issuer), { smuggled: 'x' });
    expect([status, problem.code]).toEqual([422, 'platform.request.invalid']);
    expect(problem.errors?.map(({ path }) => path)).toEqual(['smuggled']);
  });

  it.each(endpoints.filter(({ path }) => pathParameters(path).length > 0))(
    '$method $path answers 422 to an id that is none',
    async (endpoint) => {
      const broken = { ...endpoint, path: endpoint.path.replace(/\{\w+\}/, 'none') };
      const { status, problem } = await send(broken, await bearer(issuer));
      expect([status, problem.code]).toEqual([422, 'platform.request.invalid']);
    },
  );

  it.each(bearerEndpoints.filter(honoursIdempotencyKey))(
    '$method $path answers 422 to a malformed idempotency key',
    async (endpoint) => {
      const headers = { ...(await bearer(issuer)), 'idempotency-key': 'two words' };
      expect((await send(endpoint, headers)).problem.errors).toMatchObject([{ path: 'Idempotency-Key' }]);
    },
  );
});
