import { Logger } from '@nestjs/common';
import { counter, histogram } from '@capsule/telemetry';
import { normalizeStatement } from './normalize-statement.js';

const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

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
  const slow = counter({
    name: 'capsule_database_slow_statements_total',
    help: 'SQL statements that took longer than SLOW_QUERY_THRESHOLD_MS',
  });
  // Chosen once: looking labels up costs more than counting.
  const [ofSuccess, ofFailure] = [seconds.labels({ outcome: 'ok' }), seconds.labels({ outcome: 'error' })];
  return (text, durationMs, failed) => {
    (failed ? ofFailure : ofSuccess).observe(durationMs / 1000);
    if (durationMs < slowThresholdMs) return;
    slow.inc();
    logger.warn('A statement was slow', {
      statement: normalizeStatement(text),
      durationMs: Math.round(durationMs),
      failed,
    });
  };
}
