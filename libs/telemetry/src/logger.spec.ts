import { CapsuleLogger } from './capsule-logger.js';
import { createLogger } from './logger.js';
import { currentContext, requireTenant, runInContext } from './request-context.js';

const SECRET = 'hunter2-hunter2';

function captured(format: 'json' | 'pretty' | 'auto' = 'json') {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line) };
  const pino = createLogger({ app: 'auth', level: 'trace', format }, output);
  return { lines, pino, nest: new CapsuleLogger(pino), entry: () => JSON.parse(lines.at(-1)!) };
}

class QueryFailedError extends Error {
  constructor(
    message: string,
    readonly query: string,
    readonly parameters: unknown[],
  ) {
    super(message);
  }
}

describe('A log line', () => {
  it('carries the ids of the request it belongs to, through awaits and for simultaneous requests', async () => {
    const { lines, pino } = captured();
    const traceId = 'a'.repeat(32);
    await Promise.all(
      ['r1', 'r2'].map((requestId) =>
        runInContext(
          { requestId, tenantId: `t-${requestId}`, traceparent: `00-${traceId}-${'b'.repeat(16)}-01` },
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            pino.info({ of: requestId }, 'hello');
          },
        ),
      ),
    );
    for (const entry of lines.map((line) => JSON.parse(line))) {
      expect(entry).toMatchObject({ app: 'auth', level: 'info', msg: 'hello', traceId });
      expect(entry).toMatchObject({ requestId: entry.of, tenantId: `t-${entry.of}` });
    }
    expect(currentContext()).toBeUndefined();
    expect(() => requireTenant()).toThrow('no tenant');
  });

  const leaks: [string, unknown][] = [
    ['a password', { password: SECRET }],
    [
      'keys of any case and prefix',
      { dbPassword: SECRET, refresh_token: SECRET, 'Set-Cookie': SECRET, JWT_SECRET: SECRET },
    ],
    ['headers', { req: { headers: { authorization: SECRET, cookie: SECRET, 'x-api-key': SECRET } } }],
    ['an object under a secret name', { credentials: { user: 'u', value: SECRET } }],
    ['something deep', { a: { b: { c: [{ d: { privateKey: SECRET } }] } } }],
    [
      'something deeper than is looked at',
      { a: { a: { a: { a: { a: { a: { a: { a: { a: SECRET } } } } } } } } },
    ],
    ['a map', { settings: new Map([['token', SECRET]]) }],
    ['raw bytes', { body: Buffer.from(SECRET) }],
    ['a connection string', { url: `postgres://user:${SECRET}@127.0.0.1:7110/db` }],
    ['a connection string with no user', { url: `redis://:${SECRET}@127.0.0.1` }],
    ['a query string', { url: `/v1/x?token=${SECRET}&a=1` }],
    ['a header in text', { line: `Authorization: Bearer ${SECRET}${SECRET}` }],
    ['a token in text', { line: `got eyJhbGciOiJSUzI1NiJ9.${SECRET}.sig` }],
    ['a key in text', { line: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----` }],
    ['JSON in text', { line: JSON.stringify({ password: SECRET }) }],
    ['an error', new Error(`cannot connect to nats://auth:${SECRET}@127.0.0.1`)],
    [
      'the cause of a cause',
      new Error('a', { cause: new Error('b', { cause: new Error(`password=${SECRET}`) }) }),
    ],
    [
      'fields of a cause',
      new Error('a', { cause: Object.assign(new Error('b'), { config: { password: SECRET } }) }),
    ],
    [
      'one of many errors',
      new AggregateError([Object.assign(new Error('a'), { token: SECRET })], 'all failed'),
    ],
    ['the values of a failed statement', new QueryFailedError('duplicate', 'INSERT … VALUES ($1)', [SECRET])],
    [
      'what PostgreSQL quotes of a row or a text',
      Object.assign(new Error('invalid'), {
        severity: 'ERROR',
        routine: 'json_lex_string',
        detail: `Key (email)=(${SECRET}) already exists.`,
        where: `JSON data, line 1: {"email":"${SECRET}…`,
      }),
    ],
    ['an error in a field', { attempts: [{ error: Object.assign(new Error('a'), { secret: SECRET }) }] }],
  ];
  it.each(leaks)('does not tell the secret of %s', (_name, value) => {
    for (const format of ['json', 'pretty'] as const) {
      const { lines, pino, nest } = captured(format);
      pino.warn(value as object, 'something');
      pino.warn({ field: value }, 'something');
      nest.warn('something', value, 'Context');
      nest.error(value, 'Context');
      const text = lines.join('\n');
      expect(lines).toHaveLength(4);
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(Buffer.from(SECRET).toString('base64'));
    }
  });

  it('does not tell the access token of its request, nor when the whole context is logged', () => {
    const { lines, pino } = captured();
    runInContext({ requestId: 'r', accessToken: SECRET }, () => {
      pino.info('hello');
      pino.info({ context: currentContext(), ...currentContext() }, 'hello');
      pino.info(`hello ${JSON.stringify(currentContext())}`);
    });
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('stays one JSON object whatever is redacted in it', () => {
    const { lines, pino } = captured();
    for (const [, value] of leaks) pino.warn({ value }, `token=${SECRET} "password": "${SECRET}"`);
    expect(lines).toHaveLength(leaks.length);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it('keeps what is no secret: causes, codes, stacks, ids and counts', () => {
    const { pino, entry } = captured();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    pino.error({ err: new Error('cannot start', { cause }), tokenCount: 3, passwordChangedAt: 'today' }, 'x');
    expect(entry()).toMatchObject({
      tokenCount: 3,
      passwordChangedAt: 'today',
      err: { message: 'cannot start', cause: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' } },
    });
    expect(entry().err.stack).toContain('logger.spec');
  });

  it('survives an object that contains itself, and a bigint', () => {
    const { pino, entry } = captured();
    const loop: Record<string, unknown> = { amount: 12n };
    loop['self'] = loop;
    pino.info({ loop }, 'x');
    expect(entry().loop).toEqual({ amount: '12', self: '[circular]' });
  });
});

describe('The format of log lines', () => {
  const { isTTY } = process.stdout;
  const lineWritten = (format: 'json' | 'pretty' | 'auto', inTerminal: boolean): string => {
    process.stdout.isTTY = inTerminal;
    const { lines, pino } = captured(format);
    pino.warn({ attempts: 3, err: new Error('boom') }, 'cannot publish');
    expect(lines).toHaveLength(1);
    return lines[0]!;
  };
  afterEach(() => {
    process.stdout.isTTY = isTTY;
  });

  it.each([
    ['pretty', false],
    ['auto', true],
  ] as const)('%s is for people to read, in a terminal: %s', (format, inTerminal) => {
    const line = lineWritten(format, inTerminal);
    expect(() => JSON.parse(line)).toThrow();
    for (const part of ['warn', 'auth', 'cannot publish', 'attempts=3', 'Error: boom'])
      expect(line).toContain(part);
  });

  it.each([
    ['json', true],
    ['auto', false],
  ] as const)('%s is JSON, in a terminal: %s', (format, inTerminal) => {
    expect(JSON.parse(lineWritten(format, inTerminal))).toMatchObject({
      level: 'warn',
      msg: 'cannot publish',
    });
  });
});

describe('CapsuleLogger', () => {
  it('logs errors with their stack, objects as fields and the class as context', () => {
    const { nest, entry } = captured();
    nest.warn('cannot publish', new Error('boom'), { eventId: 'e1' }, 'Relay');
    expect(entry()).toMatchObject({
      level: 'warn',
      msg: 'cannot publish',
      context: 'Relay',
      eventId: 'e1',
      err: { message: 'boom' },
    });
    nest.error(new Error('boom'), 'Relay');
    expect(entry()).toMatchObject({
      level: 'error',
      msg: 'boom',
      context: 'Relay',
      err: { message: 'boom' },
    });
    nest.error('boom', 'Error: boom\n  at x', 'Relay');
    expect(entry()).toMatchObject({ msg: 'boom', stack: 'Error: boom\n  at x', context: 'Relay' });
  });

  it("keeps Nest's inventory of modules and routes out of the info level", () => {
    const { nest, entry } = captured();
    nest.log('Mapped {/health, GET} route', 'RouterExplorer');
    expect(entry().level).toBe('debug');
    nest.log('Redis is back', 'RedisConnection');
    expect(entry().level).toBe('info');
  });
});
