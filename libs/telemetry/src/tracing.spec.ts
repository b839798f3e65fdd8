import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { currentContext, runInContext } from './request-context.js';
import { incomingTraceparent, inSpan, isTracing } from './spans.js';
import { parseTraceparent } from './traceparent.js';
import { startTracing } from './tracing.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  status: { code?: number; message?: string };
}

/** An OTLP/HTTP collector: refuses what is not the protocol, keeps what is. */
class Collector {
  readonly spans = new Map<string, OtlpSpan>();
  readonly services: unknown[] = [];
  readonly faults: string[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', (request, response) => {
      if (request.method !== 'POST' || request.url !== '/v1/traces')
        collector.faults.push(`${request.method} ${request.url}`);
      if (request.headers['content-type'] !== 'application/json') collector.faults.push('content type');
      void json(request).then((body) => {
        collector.take(body as { resourceSpans: never[] });
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return collector;
  }

  get endpoint(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  private take(body: {
    resourceSpans: { resource: { attributes: unknown[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
  }): void {
    for (const { resource, scopeSpans } of body.resourceSpans) {
      this.services.push(...resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        if (!/^[0-9a-f]{32}$/.test(span.traceId)) this.faults.push(`trace id ${span.traceId}`);
        if (!/^[0-9a-f]{16}$/.test(span.spanId)) this.faults.push(`span id ${span.spanId}`);
        if (BigInt(span.endTimeUnixNano) < BigInt(span.startTimeUnixNano))
          this.faults.push(`time of ${span.name}`);
        this.spans.set(span.name, span);
      }
    }
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

const SERVER_KIND = 2;
const CLIENT_KIND = 3;
const ERROR_STATUS = 2;
const caller = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
const callersTraceparent = `00-${caller.traceId}-${caller.spanId}-01`;

describe('With an OTLP endpoint', () => {
  it('sends parents and children of one trace, over what would be a process border too', async () => {
    const collector = await Collector.start();
    const tracing = await startTracing({ app: 'auth', otlpEndpoint: `${collector.endpoint}/` });
    let carried: string | undefined;
    const context = { requestId: 'r', traceparent: incomingTraceparent(callersTraceparent) };
    await runInContext({ ...context, accessToken: 'secret token' }, () =>
      inSpan(
        'request',
        { 'http.request.method': 'GET' },
        async () => {
          await inSpan('rpc call', {}, async () => void (carried = currentContext()?.traceparent), 'client');
          await inSpan('failing', {}, () => Promise.reject(new TypeError('secret text'))).catch(
            () => undefined,
          );
        },
        'server',
      ),
    );
    await runInContext({ requestId: 'r', traceparent: carried }, () =>
      inSpan('rpc served', {}, async (span) => span.setAttribute('rows', 3), 'server'),
    );
    await tracing?.stop();
    await collector.close();

    const span = (name: string) => collector.spans.get(name)!;
    expect(collector.faults).toEqual([]);
    expect(collector.services).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'capsule-auth' },
    });
    expect(span('request')).toMatchObject({
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      kind: SERVER_KIND,
    });
    expect(span('rpc call')).toMatchObject({ parentSpanId: span('request').spanId, kind: CLIENT_KIND });
    expect(span('rpc served')).toMatchObject({ parentSpanId: span('rpc call').spanId, kind: SERVER_KIND });
    expect(span('failing')).toMatchObject({
      parentSpanId: span('request').spanId,
      status: { code: ERROR_STATUS, message: 'TypeError' },
    });
    expect(new Set([...collector.spans.values()].map(({ traceId }) => traceId))).toEqual(
      new Set([caller.traceId]),
    );
    expect(span('rpc served').attributes).toContainEqual({ key: 'rows', value: { intValue: 3 } });
    expect(JSON.stringify([...collector.spans.values()])).not.toMatch(/secret (text|token)/);
  });

  it('opens a trace for work that belongs to no request, and honours a caller who does not sample', async () => {
    const collector = await Collector.start();
    const tracing = await startTracing({ app: 'auth', otlpEndpoint: collector.endpoint });
    await inSpan('relay', {}, () => inSpan('publish', {}, async () => undefined));
    await runInContext({ requestId: 'r', traceparent: callersTraceparent.replace(/01$/, '00') }, () =>
      inSpan('unsampled', {}, async () => undefined),
    );
    await tracing?.stop();
    await collector.close();
    expect(collector.spans.get('relay')?.parentSpanId ?? '').toBe('');
    expect(collector.spans.get('publish')?.parentSpanId).toBe(collector.spans.get('relay')?.spanId);
    expect(collector.spans.has('unsampled')).toBe(false);
  });

  it('does not fail or hold the work when the collector is away', async () => {
    const tracing = await startTracing({ app: 'auth', otlpEndpoint: 'http://127.0.0.1:1' });
    expect(await inSpan('x', {}, async () => 7)).toBe(7);
    const startedAt = performance.now();
    await tracing?.stop().catch(() => undefined);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe('Without an OTLP endpoint', () => {
  it('makes no spans, yet one trace id goes with the request', async () => {
    expect(await startTracing({ app: 'auth' })).toBeUndefined();
    expect(isTracing()).toBe(false);
    expect(incomingTraceparent(callersTraceparent)).toBe(callersTraceparent);
    const fresh = incomingTraceparent(undefined);
    expect(parseTraceparent(fresh)).toMatchObject({ sampled: false });
    await runInContext({ requestId: 'r', traceparent: fresh }, () =>
      inSpan('x', {}, async () => expect(currentContext()?.traceparent).toBe(fresh)),
    );
  });

  it.each([
    'x',
    '',
    `00-${'0'.repeat(32)}-${'2'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
    `ff-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    `00-${'A'.repeat(32)}-${'2'.repeat(16)}-01`,
    `${callersTraceparent}-extra`,
    `${callersTraceparent}\n`,
  ])('does not believe the traceparent %j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
    expect(incomingTraceparent(header)).not.toBe(header);
  });
});
