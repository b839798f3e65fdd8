import { isNativeError } from 'node:util/types';
import type { RecordedSpan, SpanKind, Tracer } from './spans.js';
import { installTracer } from './spans.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';

/** Spans wait this long for company before they are sent; a process that makes none sends nothing. */
const BATCH_DELAY_MS = 1_000;

export interface Tracing {
  /** Sends what is left. Bounded by the exporter's own time-out. */
  stop(): Promise<void>;
}

/**
 * Starts to record spans and send them by OTLP/HTTP to `<endpoint>/v1/traces`. The SDK is loaded here and not before: it
 * costs 15 MB and 0.1 s that a process without a collector keeps. The parent of a span is taken from our own request
 * context, so no context manager of OpenTelemetry runs beside it.
 */
export async function startTracing(options: {
  app: string;
  otlpEndpoint?: string | null;
}): Promise<Tracing | undefined> {
  if (!options.otlpEndpoint) return undefined;
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${options.otlpEndpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `capsule-${options.app}` }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: BATCH_DELAY_MS })],
  });
  const tracer = provider.getTracer('capsule');
  const kinds: Record<SpanKind, number> = {
    internal: api.SpanKind.INTERNAL,
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
  };

  const start: Tracer['start'] = (name, kind, attributes, traceparent): RecordedSpan => {
    const parent = parseTraceparent(traceparent);
    const context = parent
      ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
          traceId: parent.traceId,
          spanId: parent.spanId,
          traceFlags: parent.sampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE,
          isRemote: true,
        })
      : api.ROOT_CONTEXT;
    const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, context);
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: formatTraceparent({
        traceId,
        spanId,
        sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0,
      }),
      setAttribute: (attribute, value) => void span.setAttribute(attribute, value),
      fail: (error) => void span.setStatus({ code: api.SpanStatusCode.ERROR, message: failureOf(error) }),
      end: () => span.end(),
    };
  };
  installTracer({ start });
  return {
    stop: async () => {
      installTracer(undefined);
      await provider.shutdown();
    },
  };
}

/** The error's code or class. Its message stays in our log: a collector is somebody else's system. */
function failureOf(error: unknown): string {
  if (!isNativeError(error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
