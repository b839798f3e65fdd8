import { Logger } from '@nestjs/common';
import { histogram } from '@capsule/telemetry';

const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LOGGED_LENGTH_MAX = 1000;

/** Measures every statement, and logs those that took longer than the threshold: their shape, never their values. */
export function observeStatements(
  slowThresholdMs: number,
): (text: string, durationMs: number, failed: boolean) => void {
  const logger = new Logger('Database');
  const seconds = histogram({
    name: 'capsule_database_statement_duration_seconds',
    help: 'Duration of SQL statements, from sending to the complete answer, by outcome',
    labelNames: ['outcome'],
    buckets: BUCKETS_SECONDS,
  });
  return (text, durationMs, failed) => {
    seconds.observe({ outcome: failed ? 'error' : 'ok' }, durationMs / 1000);
    if (durationMs < slowThresholdMs) return;
    logger.warn('A statement was slow', {
      statement: normalize(text),
      durationMs: Math.round(durationMs),
      failed,
    });
  };
}

/** Literals become `?`: a statement should have placeholders, but one that was put together might carry a value. */
export function normalize(text: string): string {
  return text
    .replace(/'(?:[^']|'')*'/g, '?')
    .replace(/(?<![\w$"])\d+(?:\.\d+)?\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LOGGED_LENGTH_MAX);
}
