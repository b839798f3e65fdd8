import { errorCatalogue, type ErrorCode, problemSchema } from '@capsule/contracts';
import Fastify from 'fastify';
import { z } from 'zod';
import { DomainError } from './domain-error.js';
import { sendProblem } from './problem-filter.js';
import { toProblem } from './problem.js';
import { decodeRpcError, encodeRpcError } from './rpc-error.js';
import { logSeverity } from './severity.js';
import { validationError } from './validation-error.js';

const SECRET = 'postgres://user:hunter2@10.0.0.7/db';

describe('A problem', () => {
  it.each(Object.keys(errorCatalogue) as ErrorCode[])('%s follows RFC 9457 and names its page', (code) => {
    const problem = problemSchema.parse(
      toProblem(new DomainError(code), { requestId: 'r', instance: '/v1/x' }),
    );
    expect(problem).toMatchObject({ type: `/docs/errors/${code}`, code, requestId: 'r', instance: '/v1/x' });
    expect(problem.status).toBeGreaterThanOrEqual(400);
  });

  it("of a thing that is not there equals that of a thing that is somebody else's", () => {
    const absent = new DomainError('deploy.project.not_found');
    const foreign = new DomainError('deploy.project.not_found', {
      detail: 'project belongs to another tenant',
      fieldErrors: [{ path: 'projectId', message: 'not yours' }],
      cause: new Error('row-level security'),
    });
    const origin = { requestId: 'r', instance: '/v1/projects/1' };
    expect(JSON.stringify(toProblem(foreign, origin))).toBe(JSON.stringify(toProblem(absent, origin)));
  });

  it.each([
    new Error(SECRET),
    new DomainError('platform.request.internal', { cause: new Error(SECRET) }),
    Object.assign(new Error(SECRET), { statusCode: 422 }),
    SECRET,
    { message: SECRET },
    undefined,
  ])('of an unforeseen error tells nothing of it', (error) => {
    const problem = toProblem(error, { requestId: 'r' });
    expect(problem).toMatchObject({ status: 500, code: 'platform.request.internal' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
});

describe('validationError', () => {
  it('names every faulty field by its path, unknown ones too', () => {
    const schema = z.strictObject({ name: z.string(), tags: z.array(z.strictObject({ key: z.string() })) });
    const { error } = schema.safeParse({ name: 1, tags: [{ key: 'a', colour: 'b' }], extra: true });
    const { code, fieldErrors } = validationError(error!);
    expect(code).toBe('platform.request.invalid');
    expect(fieldErrors?.map(({ path }) => path).sort()).toEqual(['extra', 'name', 'tags.0.colour']);
  });

  it('stays small whatever the body holds', () => {
    const hostile = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`${i}${'x'.repeat(1_000)}`, 1]),
    );
    const { error } = z.strictObject({}).safeParse(hostile);
    expect(JSON.stringify(toProblem(validationError(error!))).length).toBeLessThan(20_000);
  });
});

describe('An error that crosses RPC', () => {
  it('arrives with its code, kind, detail, fields and time to wait', () => {
    const sent = new DomainError('platform.upstream.unavailable', {
      detail: 'billing is starting',
      fieldErrors: [{ path: 'a', message: 'b' }],
      retryAfterSeconds: 3,
    });
    const arrived = decodeRpcError(JSON.parse(JSON.stringify(encodeRpcError(sent))));
    expect(arrived).toBeInstanceOf(DomainError);
    expect(arrived).toMatchObject({
      code: sent.code,
      kind: sent.kind,
      detail: sent.detail,
      fieldErrors: sent.fieldErrors,
      retryAfterSeconds: 3,
    });
  });

  it('leaves its cause, stack and message behind', () => {
    const errors = [new Error(SECRET), new DomainError('deploy.app.not_found', { cause: new Error(SECRET) })];
    for (const error of errors) {
      const payload = JSON.stringify(encodeRpcError(error));
      expect(payload).not.toContain('hunter2');
      expect(payload).not.toContain('stack');
    }
    expect(encodeRpcError(new Error(SECRET))).toEqual({ code: 'platform.request.internal' });
  });

  it.each([undefined, null, 'text', 7, [], {}, { code: 'made.up.code' }, { code: 'toString' }])(
    'is internal when the payload is %j',
    (payload) => {
      expect(decodeRpcError(payload)).toMatchObject({ code: 'platform.request.internal' });
    },
  );

  it('drops what is of a wrong type in a payload', () => {
    const payload = {
      code: 'deploy.app.name_taken',
      detail: 7,
      fieldErrors: [{ path: 1 }, null],
      retryAfterSeconds: 'x',
    };
    const arrived = decodeRpcError(payload);
    expect(arrived.detail).toBeUndefined();
    expect(arrived.fieldErrors).toEqual([]);
    expect(arrived.retryAfterSeconds).toBeUndefined();
  });
});

describe('logSeverity', () => {
  it('has an error logged by the process that threw it and by no other', () => {
    const unforeseen = new Error('boom');
    expect(logSeverity(unforeseen)).toBe('error');
    expect(logSeverity(decodeRpcError(encodeRpcError(unforeseen)))).toBeUndefined();
    expect(logSeverity(new DomainError('platform.upstream.unavailable', { cause: unforeseen }))).toBe('warn');
    expect(logSeverity(new DomainError('deploy.app.not_found'))).toBeUndefined();
  });
});

describe('On Fastify', () => {
  const fastify = Fastify({ bodyLimit: 100, genReqId: () => 'request-1' });
  fastify.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  fastify.post('/echo', (request) => request.body);
  fastify.get('/limited', () => {
    throw new DomainError('platform.request.rate_limited', { retryAfterSeconds: 11.2 });
  });
  fastify.get('/unauthenticated', () => {
    throw new DomainError('auth.token.expired');
  });
  fastify.get('/half', (request, reply) => {
    reply.hijack();
    reply.raw.write('half');
    sendProblem(new Error('boom'), request, reply);
  });
  afterAll(() => fastify.close());

  const json = { 'content-type': 'application/json' };
  it.each([
    ['malformed JSON', { headers: json, payload: '{"a":' }, 400, 'platform.request.malformed'],
    ['an empty JSON body', { headers: json, payload: '' }, 400, 'platform.request.malformed'],
    [
      'a poisoned prototype',
      { headers: json, payload: '{"__proto__":{}}' },
      400,
      'platform.request.malformed',
    ],
    ['a large body', { headers: json, payload: `"${'x'.repeat(200)}"` }, 413, 'platform.request.too_large'],
    [
      'an unknown content type',
      { headers: { 'content-type': 'image/png' }, payload: 'x' },
      415,
      'platform.request.unsupported_media',
    ],
  ])('%s is a problem', async (_name, request, status, code) => {
    const response = await fastify.inject({ method: 'POST', url: '/echo?token=abc', ...request });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json()).toMatchObject({ code, status, instance: '/echo', requestId: 'request-1' });
  });

  it('says when to come again in whole seconds, and how to authenticate', async () => {
    const limited = await fastify.inject('/limited');
    expect(limited.statusCode).toBe(429);
    expect(limited.headers['retry-after']).toBe('12');
    expect((await fastify.inject('/unauthenticated')).headers['www-authenticate']).toBe('Bearer');
  });

  it('cuts an answer that has begun rather than end it as if it were whole', async () => {
    const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
    await expect(fetch(`${url}/half`).then((response) => response.text())).rejects.toThrow();
  });
});
