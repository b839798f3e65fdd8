import { projectGet } from '@capsule/contracts';
import { eventually, startTestNats, type TestNats } from '@capsule/testing';
import { ada, operator } from '../gateway.fixture.js';
import {
  startProjects,
  type Projects,
  project,
  projectId,
  unknownId,
  expectProblem,
} from './projects.fixture.js';

let nats: TestNats;
let projects: Projects;

beforeAll(async () => {
  nats = await startTestNats();
  projects = await startProjects(nats, process.env);
});
beforeEach(() => {
  projects.contexts.length = 0;
});
afterAll(async () => {
  await projects?.close();
  await nats?.close();
});

describe('a request through the gateway', () => {
  it('reaches the service with its fields, and its answer comes back as it was', async () => {
    const response = await projects.send(`/v1/projects/${projectId}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(project);
  });

  it('brings tenant, actor and role of the token, whatever the request says of itself', async () => {
    await projects.send(`/v1/projects/${projectId}`, {
      headers: {
        'capsule-tenant-id': 'other',
        'capsule-actor': '{}',
        'capsule-deadline': '1',
        'x-tenant-id': 'other',
      },
    });
    expect(projects.contexts[0]).toMatchObject({
      tenantId: ada.tenantId,
      actor: { type: 'user', id: ada.userId, role: 'owner' },
    });
    expect(projects.contexts[0]).not.toHaveProperty('accessToken');
  });

  it('is waited for as long as its contract says, and no longer', async () => {
    const before = Date.now();
    await projects.send(`/v1/projects/${projectId}`);
    const { deadlineAt } = projects.contexts[0]!;
    expect(deadlineAt).toBeGreaterThanOrEqual(before + projectGet.timeoutMs);
    expect(deadlineAt).toBeLessThanOrEqual(Date.now() + projectGet.timeoutMs);
  });

  it('answers a created thing by 201', async () => {
    const response = await projects.post('/v1/projects', JSON.stringify({ name: 'Shop' }));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ name: 'Shop' });
  });

  it('verifies tokens by keys that it and the service have each fetched once', async () => {
    for (let count = 0; count < 5; count += 1) await projects.send(`/v1/projects/${projectId}`);
    expect(projects.keyFetches()).toBe(2);
  });

  it('publishes the keys of the tokens', async () => {
    const response = await fetch(`${projects.url}/.well-known/jwks.json`);
    expect(await response.json()).toEqual(projects.issuer.keySet());
  });

  it('tells where to read what it made', async () => {
    const made = await projects.post('/v1/projects', JSON.stringify({ name: 'Shop' }));
    expect(made.headers.get('location')).toBe(`/v1/projects/${projectId}`);
    const read = await projects.send(`/v1/projects/${projectId}`);
    expect(read.headers.get('location')).toBeNull();
  });

  it('may be asked for its headers alone', async () => {
    const response = await projects.send(`/v1/projects/${projectId}`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });
});

describe('the metrics of requests', () => {
  const requests = async () =>
    (await (await fetch(`${projects.url}/metrics`, { headers: operator })).text())
      .split('\n')
      .filter((line) => line.startsWith('capsule_http_request_duration_seconds_count'));

  it('are by the pattern of the route and the status, and never by a path', async () => {
    await projects.send(`/v1/projects/${projectId}`);
    await projects.send(`/v1/projects/${unknownId}`);
    await projects.send(`/v1/nothing/${projectId}`);
    await eventually(async () => {
      const lines = (await requests()).join('\n');
      for (const [route, status] of [
        ['/v1/projects/:projectId', 200],
        ['/v1/projects/:projectId', 404],
        ['unknown', 404],
      ]) {
        expect(lines).toContain(`{method="GET",route="${route}",status="${status}"}`);
      }
      expect(lines).not.toContain(projectId);
      expect(lines).not.toContain('nothing');
    });
  });
});

describe('the request id', () => {
  it('is the one of the caller when it is well-formed, and goes on to the service', async () => {
    const response = await projects.send(`/v1/projects/${projectId}`, {
      headers: { 'x-request-id': 'order-4711.retry' },
    });
    expect(response.headers.get('x-request-id')).toBe('order-4711.retry');
    expect(projects.contexts[0]?.requestId).toBe('order-4711.retry');
  });

  it.each(['short', 'with blank in it', `${'x'.repeat(101)}`, '{"a":1}12345'])(
    'is made anew instead of %j',
    async (given) => {
      const response = await projects.send(`/v1/projects/${projectId}`, {
        headers: { 'x-request-id': given },
      });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('stands beside the trace of the caller', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await projects.send(`/v1/projects/${projectId}`, { headers: { traceparent } });
    await projects.send(`/v1/projects/${projectId}`, { headers: { traceparent: 'nonsense' } });
    expect(projects.contexts[0]?.traceparent).toBe(traceparent);
    expect(projects.contexts[1]?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });
});

describe('the idempotency key', () => {
  it('goes on to the service', async () => {
    await projects.post('/v1/projects', JSON.stringify({ name: 'Shop' }), {
      'idempotency-key': 'order-4711',
    });
    expect(projects.contexts[0]?.idempotencyKey).toBe('order-4711');
  });

  it.each(['', 'x'.repeat(201), 'two words', 'tab\there'])('is refused when it is %j', async (key) => {
    const response = await projects.post('/v1/projects', JSON.stringify({ name: 'Shop' }), {
      'idempotency-key': key,
    });
    const problem = await expectProblem(response, 422, 'platform.request.invalid');
    expect(problem['errors']).toMatchObject([{ path: 'Idempotency-Key' }]);
    expect(projects.contexts).toEqual([]);
  });

  it.each([
    ['/v1/auth/sign-in', { email: 'ada@example.com', password: 'correct horse battery' }],
    ['/v1/auth/refresh', { refreshToken: 'the refresh token of the last answer' }],
  ])('stays behind at %s, whose answer nothing may remember', async (path, body) => {
    for (const key of ['order-4711', 'two words']) {
      const response = await projects.post(path, JSON.stringify(body), { 'idempotency-key': key });
      expect(response.status).toBe(401);
    }
    expect(projects.contexts).toHaveLength(2);
    for (const context of projects.contexts) expect(context.idempotencyKey).toBeUndefined();
  });
});

describe('the headers of an answer', () => {
  it('keep it from caches, frames and guesses about its type, also when it is an error', async () => {
    for (const path of [`/v1/projects/${projectId}`, '/v1/nothing']) {
      const { headers } = await projects.send(path);
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
      const { status, headers } = await fetch(projects.url + path);
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    expect((await fetch(`${projects.url}/`)).url).toBe(`${projects.url}/docs`);
  });

  it('let everybody keep and read what is the same for all, without a limit, and ask whether it changed', async () => {
    for (const path of ['/.well-known/jwks.json', '/v1/openapi.json', '/docs']) {
      const first = await fetch(projects.url + path, { headers: { origin: 'https://elsewhere.example' } });
      expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
      expect(first.headers.get('access-control-allow-origin')).toBe('*');
      expect(first.headers.get('ratelimit')).toBeNull();
      const etag = first.headers.get('etag') ?? '';
      for (const known of [etag, `"other", W/${etag}`, '*']) {
        const again = await fetch(projects.url + path, { headers: { 'if-none-match': known } });
        expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
      }
      const other = await fetch(projects.url + path, { headers: { 'if-none-match': '"other"' } });
      expect(other.status).toBe(200);
    }
  });

  it('let pages of a configured origin read it, and no others', async () => {
    const path = `/v1/projects/${projectId}`;
    const ours = await projects.send(path, { headers: { origin: 'http://localhost:7081' } });
    expect(ours.headers.get('access-control-allow-origin')).toBe('http://localhost:7081');
    expect(ours.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(ours.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['http://evil.example', 'http://localhost:70811', 'null']) {
      const other = await projects.send(path, { headers: { origin } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      expect(other.headers.get('vary')).toBe('Origin');
    }
  });

  it('answer the preflight of a configured origin before any token is asked for', async () => {
    const preflight = await fetch(`${projects.url}/v1/projects`, {
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
    const response = await fetch(`${projects.url}/v1/projects`, {
      headers: { origin: 'http://localhost:7081' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:7081');
    await expectProblem(response, 401, 'auth.token.missing');
  });
});
