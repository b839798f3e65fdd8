import { keySetGet, projectCreate, projectGet } from '@capsule/contracts';
import { currentContext, type RequestContext } from '@capsule/telemetry';
import { DomainError } from '@capsule/errors';
import { startTestNats, type TestNats } from '@capsule/testing';
import type { TokenSigner } from '@capsule/security';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ada, bearer, createSigner, startGateway, type TestGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';

const projectId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03';
const unknownId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f99';
const project = {
  id: projectId,
  name: 'Website',
  createdAt: '2030-01-15T09:30:00.000Z',
  updatedAt: '2030-01-15T09:30:00.000Z',
};

let nats: TestNats;
let gateway: TestGateway;
let signer: TokenSigner;
let services: NestFastifyApplication[];
let contexts: RequestContext[];
let keyFetches = 0;

beforeAll(async () => {
  nats = await startTestNats();
  signer = await createSigner();
  services = await Promise.all([
    serve('auth', nats.settings('auth'), [
      answering(keySetGet, () => {
        keyFetches += 1;
        return signer.keySet();
      }),
    ]),
    serve('deploy', nats.settings('deploy'), [
      answering(projectGet, ({ projectId: id }) => {
        contexts.push(currentContext() as RequestContext);
        if (id !== projectId) throw new DomainError('deploy.project.not_found');
        return project;
      }),
      answering(projectCreate, ({ name }) => {
        contexts.push(currentContext() as RequestContext);
        if (name === 'Crash') throw new Error('the password is secret');
        return { ...project, name };
      }),
    ]),
  ]);
  gateway = await startGateway({ nats: nats.settings('gateway'), environment: process.env });
});
beforeEach(() => {
  contexts = [];
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all((services ?? []).map((service) => service.close()));
  await nats?.close();
});

async function send(path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  const headers = { ...(await bearer(signer)), ...init.headers };
  return fetch(`${gateway.url}${path}`, { ...init, headers });
}

function post(path: string, body: RequestInit['body'], headers: Record<string, string> = {}) {
  return send(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

async function expectProblem(response: Response, status: number, code: string) {
  const problem = (await response.json()) as Record<string, unknown>;
  expect([response.status, problem['code']]).toEqual([status, code]);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toMatchObject({
    status,
    type: `/docs/errors/${code}`,
    requestId: response.headers.get('x-request-id'),
  });
  return problem;
}

describe('a request through the gateway', () => {
  it('reaches the service with its fields, and its answer comes back as it was', async () => {
    const response = await send(`/v1/projects/${projectId}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(project);
  });

  it('brings tenant, actor and role of the token, whatever the request says of itself', async () => {
    await send(`/v1/projects/${projectId}`, {
      headers: { 'capsule-tenant-id': 'other', 'capsule-actor': '{}', 'x-tenant-id': 'other' },
    });
    expect(contexts[0]).toMatchObject({
      tenantId: ada.tenantId,
      actor: { type: 'user', id: ada.userId, role: 'owner' },
    });
    expect(contexts[0]?.deadlineAt).toBeGreaterThan(Date.now());
  });

  it('answers a created thing by 201', async () => {
    const response = await post('/v1/projects', JSON.stringify({ name: 'Shop' }));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ name: 'Shop' });
  });

  it('verifies tokens by keys it fetched once', async () => {
    for (let count = 0; count < 5; count += 1) await send(`/v1/projects/${projectId}`);
    expect(keyFetches).toBe(1);
  });

  it('publishes the keys of the tokens', async () => {
    const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
    expect(await response.json()).toEqual(signer.keySet());
  });

  it('may be asked for its headers alone', async () => {
    const response = await send(`/v1/projects/${projectId}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});

describe('the request id', () => {
  it('is the one of the caller when it is well-formed, and goes on to the service', async () => {
    const response = await send(`/v1/projects/${projectId}`, {
      headers: { 'x-request-id': 'order-4711.retry' },
    });
    expect(response.headers.get('x-request-id')).toBe('order-4711.retry');
    expect(contexts[0]?.requestId).toBe('order-4711.retry');
  });

  it.each(['short', 'with blank in it', `${'x'.repeat(101)}`, '{"a":1}12345'])(
    'is made anew instead of %j',
    async (given) => {
      const response = await send(`/v1/projects/${projectId}`, { headers: { 'x-request-id': given } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('stands beside the trace of the caller', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await send(`/v1/projects/${projectId}`, { headers: { traceparent } });
    await send(`/v1/projects/${projectId}`, { headers: { traceparent: 'nonsense' } });
    expect(contexts[0]?.traceparent).toBe(traceparent);
    expect(contexts[1]?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });
});

describe('the idempotency key', () => {
  it('goes on to the service', async () => {
    await post('/v1/projects', JSON.stringify({ name: 'Shop' }), { 'idempotency-key': 'order-4711' });
    expect(contexts[0]?.idempotencyKey).toBe('order-4711');
  });

  it.each(['', 'x'.repeat(201), 'two words', 'tab\there'])('is refused when it is %j', async (key) => {
    const response = await post('/v1/projects', JSON.stringify({ name: 'Shop' }), { 'idempotency-key': key });
    const problem = await expectProblem(response, 422, 'platform.request.invalid');
    expect(problem['errors']).toMatchObject([{ path: 'Idempotency-Key' }]);
    expect(contexts).toEqual([]);
  });
});

describe('what the gateway refuses', () => {
  it('is JSON that is none: 400', async () => {
    for (const body of ['{', '{"name":', 'nonsense', '{"name":"a","__proto__":{"x":1}}', '﻿{{}']) {
      await expectProblem(await post('/v1/projects', body), 400, 'platform.request.malformed');
    }
  });

  it('is a body of 10 MB: 413, which the caller gets to see', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) });
    await expectProblem(await post('/v1/projects', body), 413, 'platform.request.too_large');
  });

  it('is a body of 10 MB in chunks of unknown length: 413', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
    let left = 160;
    const body = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
    await expectProblem(await send('/v1/projects', init as never), 413, 'platform.request.too_large');
  });

  it('is a nesting deep enough to break a parser, but not the process', async () => {
    const body = `{"name":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    expect([400, 422]).toContain((await post('/v1/projects', body)).status);
    expect((await send(`/v1/projects/${projectId}`)).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('is a body of type %s: 415', async (type) => {
    const response = await post('/v1/projects', 'name=Shop', { 'content-type': type });
    await expectProblem(response, 415, 'platform.request.unsupported_media');
  });

  it('is a field that is missing, wrong or unknown: 422 with each by its path', async () => {
    const problem = await expectProblem(
      await post('/v1/projects', JSON.stringify({ name: 7, color: 'red' })),
      422,
      'platform.request.invalid',
    );
    const errors = problem['errors'] as { path: string; message: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual(['color', 'name']);
    expect(contexts).toEqual([]);
  });

  it('is a path nobody has: 404', async () => {
    for (const path of [
      '/v1/nothing',
      `/v1/projects/${projectId}/nothing`,
      '/v2/projects',
      '//v1/projects',
    ]) {
      await expectProblem(await send(path), 404, 'platform.route.not_found');
    }
  });

  it('is a parameter longer than any id: 404', async () => {
    await expectProblem(await send(`/v1/projects/${'a'.repeat(500)}`), 404, 'platform.route.not_found');
  });

  it('is a path that is no URL: 400', async () => {
    await expectProblem(await send('/v1/projects/%zz'), 400, 'platform.request.malformed');
  });

  it('is a method the path does not have: 405 with those it has, also with a body of the wrong type', async () => {
    const response = await send('/v1/projects', { method: 'DELETE', body: 'x' });
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    await expectProblem(response, 405, 'platform.request.method_not_allowed');
    const options = await send('/v1/projects', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
  });
});

describe('what a service refuses', () => {
  it('comes back as its own problem, with the same body for what is absent and what is not yours', async () => {
    const problem = await expectProblem(
      await send(`/v1/projects/${unknownId}`),
      404,
      'deploy.project.not_found',
    );
    expect(Object.keys(problem).sort()).toEqual(['code', 'instance', 'requestId', 'status', 'title', 'type']);
  });

  it('never carries what went wrong inside', async () => {
    const response = await post('/v1/projects', JSON.stringify({ name: 'Crash' }));
    expect(JSON.stringify(await expectProblem(response, 500, 'platform.request.internal'))).not.toContain(
      'secret',
    );
  });

  it('includes what the role of the token may not do: 403', async () => {
    const response = await fetch(`${gateway.url}/v1/projects`, {
      method: 'POST',
      body: JSON.stringify({ name: 'Shop' }),
      headers: { ...(await bearer(signer, 'viewer')), 'content-type': 'application/json' },
    });
    await expectProblem(response, 403, 'platform.permission.denied');
  });

  it('is unavailable when nobody serves it: 503 and when to come back', async () => {
    const response = await fetch(`${gateway.url}/v1/billing/plans`);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectProblem(response, 503, 'platform.upstream.unavailable');
  });
});

describe('the headers of an answer', () => {
  it('keep it from caches, frames and guesses about its type, also when it is an error', async () => {
    for (const path of [`/v1/projects/${projectId}`, '/v1/nothing']) {
      const { headers } = await send(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers.get('etag')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });

  it('let the documentation be shown and kept for a while, and nothing in it run', async () => {
    for (const path of ['/docs', '/docs/errors', '/v1/openapi.json']) {
      const { status, headers } = await fetch(gateway.url + path);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    expect((await fetch(`${gateway.url}/`)).url).toBe(`${gateway.url}/docs`);
  });

  it('let pages of a configured origin read it, and no others', async () => {
    const path = `/v1/projects/${projectId}`;
    const ours = await send(path, { headers: { origin: 'http://localhost:7081' } });
    expect(ours.headers.get('access-control-allow-origin')).toBe('http://localhost:7081');
    expect(ours.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(ours.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['http://evil.example', 'http://localhost:70811', 'null']) {
      const other = await send(path, { headers: { origin } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      expect(other.headers.get('vary')).toBe('Origin');
    }
  });

  it('answer the preflight of a configured origin before any token is asked for', async () => {
    const preflight = await fetch(`${gateway.url}/v1/projects`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:7081',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key']) {
      expect(preflight.headers.get('access-control-allow-headers')).toContain(name);
    }
  });

  it('carry the problem across origins too, so that a page can show it', async () => {
    const response = await fetch(`${gateway.url}/v1/projects`, {
      headers: { origin: 'http://localhost:7081' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:7081');
    await expectProblem(response, 401, 'auth.token.missing');
  });
});
