export { CapsuleLogger } from './capsule-logger.js';
export { createLogger, type Logger } from './logger.js';
export {
  counter,
  gauge,
  histogram,
  httpRequestSeconds,
  registry,
  rpcClientSeconds,
  rpcServerSeconds,
} from './metrics.js';
export { collectProcessMetrics } from './process-metrics.js';
export { redact, REDACTED, redactText } from './redaction.js';
export {
  type Actor,
  currentContext,
  type RequestContext,
  requireTenant,
  runInContext,
} from './request-context.js';
export {
  incomingTraceparent,
  inSpan,
  isTracing,
  type Span,
  type SpanAttributes,
  type SpanKind,
} from './spans.js';
export { newTraceparent, parseTraceparent, type TraceParent, traceIdOf } from './traceparent.js';
export { startTracing, type Tracing } from './tracing.js';
