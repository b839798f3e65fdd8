import { gzipSync } from 'node:zlib';
import { startTestNats, type TestNats } from '@capsule/testing';
import { bearer } from '../gateway.fixture.js';
import { startProjects, type Projects, projectId, unknownId, expectProblem } from './projects.fixture.js';

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

describe('what the gateway refuses', () => {
  it('is JSON that is none: 400', async () => {
    for (const body of ['{', '{"name":', 'nonsense', '{"name":"a","__proto__":{"x":1}}', '﻿{{}']) {
      await expectProblem(await projects.post('/v1/projects', body), 400, 'platform.request.malformed');
    }
  });

  it('is a body of 10 MB: 413, which the caller gets to see', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) });
    await expectProblem(await projects.post('/v1/projects', body), 413, 'platform.request.too_large');
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
    await expectProblem(
      await projects.send('/v1/projects', init as never),
      413,
      'platform.request.too_large',
    );
  });

  it('is a nesting deep enough to break a parser, but not the process', async () => {
    const body = `{"name":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    expect([400, 422]).toContain((await projects.post('/v1/projects', body)).status);
    expect((await projects.send(`/v1/projects/${projectId}`)).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('is a body of type %s: 415 with the types that are taken', async (type) => {
    const response = await projects.post('/v1/projects', 'name=Shop', { 'content-type': type });
    expect(response.headers.get('accept-post')).toBe('application/json');
    expect(await expectProblem(response, 415, 'platform.request.unsupported_media')).toMatchObject({
      detail: 'The content type must be application/json.',
    });
    const dashboard = { method: 'PATCH', body: 'x', headers: { 'content-type': type } };
    const patch = await projects.send(`/v1/dashboards/${unknownId}`, dashboard);
    expect([patch.status, patch.headers.get('accept-patch')]).toEqual([415, 'application/json']);
  });

  it('is JSON with a content coding: 415 with the one that is taken', async () => {
    const body = new Uint8Array(gzipSync('{"name":"Shop"}'));
    const response = await projects.post('/v1/projects', body, { 'content-encoding': 'gzip' });
    expect(response.headers.get('accept-encoding')).toBe('identity');
    await expectProblem(response, 415, 'platform.request.unsupported_media');
    const plain = await projects.post('/v1/projects', '{"name":"Shop"}', { 'content-encoding': 'identity' });
    expect(plain.status).toBe(201);
  });

  it('is a field that is missing, wrong or unknown: 422 with each by its path', async () => {
    const problem = await expectProblem(
      await projects.post('/v1/projects', JSON.stringify({ name: 7, color: 'red' })),
      422,
      'platform.request.invalid',
    );
    const errors = problem['errors'] as { path: string; message: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual(['color', 'name']);
    expect(projects.contexts).toEqual([]);
  });

  it('is a path nobody has: 404', async () => {
    for (const path of [
      '/v1/nothing',
      `/v1/projects/${projectId}/nothing`,
      '/v2/projects',
      '//v1/projects',
    ]) {
      await expectProblem(await projects.send(path), 404, 'platform.route.not_found');
      await expectProblem(await projects.send(path, { method: 'PURGE' }), 404, 'platform.route.not_found');
    }
  });

  it('is a parameter longer than any id: 404', async () => {
    await expectProblem(
      await projects.send(`/v1/projects/${'a'.repeat(500)}`),
      404,
      'platform.route.not_found',
    );
  });

  it('is a path that is no URL: 400', async () => {
    await expectProblem(await projects.send('/v1/projects/%zz'), 400, 'platform.request.malformed');
  });

  it('is a method the path does not have: 405 with those it has, also with a body of the wrong type', async () => {
    const response = await projects.send('/v1/projects', { method: 'DELETE', body: 'x' });
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    await expectProblem(response, 405, 'platform.request.method_not_allowed');
    const options = await projects.send('/v1/projects', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
  });
});

describe('what a service refuses', () => {
  it('comes back as its own problem, with the same body for what is absent and what is not yours', async () => {
    const problem = await expectProblem(
      await projects.send(`/v1/projects/${unknownId}`),
      404,
      'deploy.project.not_found',
    );
    expect(Object.keys(problem).sort()).toEqual(['code', 'instance', 'requestId', 'status', 'title', 'type']);
  });

  it('never carries what went wrong inside', async () => {
    const response = await projects.post('/v1/projects', JSON.stringify({ name: 'Crash' }));
    expect(JSON.stringify(await expectProblem(response, 500, 'platform.request.internal'))).not.toContain(
      'secret',
    );
  });

  it('includes what the role of the token may not do: 403', async () => {
    const response = await fetch(`${projects.url}/v1/projects`, {
      method: 'POST',
      body: JSON.stringify({ name: 'Shop' }),
      headers: { ...(await bearer(projects.issuer, 'viewer')), 'content-type': 'application/json' },
    });
    await expectProblem(response, 403, 'platform.permission.denied');
  });

  it('is unavailable when nobody serves it: 503 and when to come back', async () => {
    const response = await fetch(`${projects.url}/v1/billing/plans`);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectProblem(response, 503, 'platform.upstream.unavailable');
  });
});
