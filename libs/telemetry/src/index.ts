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
export { redactText } from './redaction.js';
export {
  type Actor,
  currentContext,
  type RequestContext,
  requireTenant,
  runInContext,
} from './request-context.js';
export { incomingTraceparent, inSpan, type Span, type SpanAttributes, type SpanKind } from './spans.js';
export { startTracing, type Tracing } from './tracing.js';
