import { currentContext, runInContext } from './request-context.js';
import { newTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type SpanAttributes = Record<string, string | number | boolean>;

/** An open span, as far as instrumented code may know it. */
export interface Span {
  setAttribute(name: string, value: string | number | boolean): void;
}

/** A span that a tracer made, with what only `inSpan` needs. */
export interface RecordedSpan extends Span {
  traceparent: string;
  fail(error: unknown): void;
  end(): void;
}

export interface Tracer {
  start(name: string, kind: SpanKind, attributes: SpanAttributes, parent: string | undefined): RecordedSpan;
}

const unrecorded: Span = { setAttribute: () => undefined };

let tracer: Tracer | undefined;

export function installTracer(installed: Tracer | undefined): void {
  tracer = installed;
}

export function isTracing(): boolean {
  return tracer !== undefined;
}

/**
 * Runs the work in a span below the one of the current context, and makes it the current one, so that what the work
 * sends carries it on. Without a tracer the work just runs, and costs each request no promise more. Work outside of any
 * request gets a context of its own, whose request id is the trace id. A rejection marks the span as failed and passes
 * through.
 */
export function inSpan<T>(
  name: string,
  attributes: SpanAttributes,
  work: (span: Span) => Promise<T>,
  kind: SpanKind = 'internal',
): Promise<T> {
  return tracer ? recorded(tracer, name, attributes, work, kind) : work(unrecorded);
}

async function recorded<T>(
  tracer: Tracer,
  name: string,
  attributes: SpanAttributes,
  work: (span: Span) => Promise<T>,
  kind: SpanKind,
): Promise<T> {
  const context = currentContext();
  const span = tracer.start(name, kind, attributes, context?.traceparent);
  const { traceparent } = span;
  try {
    return await runInContext(
      context ? { ...context, traceparent } : { requestId: traceIdOf(traceparent), traceparent },
      () => work(span),
    );
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * The traceparent a request enters with: the caller's if it is valid. Else none when a tracer will open the root span, or
 * a fresh one, so that the log lines of one request share a trace id through all processes even without a tracer.
 */
export function incomingTraceparent(header: string | undefined): string | undefined {
  if (parseTraceparent(header)) return header;
  return tracer ? undefined : newTraceparent(false);
}
