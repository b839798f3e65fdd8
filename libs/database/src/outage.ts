import { DomainError } from '@capsule/errors';
import { postgresError } from './sql-state.js';

const RETRY_AFTER_SECONDS = 1;

/** query_canceled (by statement_timeout) and lock_not_available (by lock_timeout). */
const TIMEOUTS: ReadonlySet<string> = new Set(['57014', '55P03']);
/** The server ends (admin_shutdown), has crashed (crash_shutdown) or recovers (cannot_connect_now). */
const SHUTDOWNS: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03']);

/**
 * What it means to a caller that the database was too slow or went away in the middle of a transaction: whether a
 * commit that was under way has happened is then unknown, so nothing is repeated here. Other errors are returned as
 * they came.
 * @param isLost whether the connection of the transaction is gone; drivers word that in too many ways to go by the error
 */
export function translateOutage(error: unknown, isLost: boolean): unknown {
  if (error instanceof DomainError) return error;
  const sqlState = postgresError(error)?.code ?? '';
  if (TIMEOUTS.has(sqlState)) return new DomainError('platform.upstream.timeout', { cause: error });
  return isLost || SHUTDOWNS.has(sqlState) ? unavailable(error) : error;
}

export function unavailable(cause: unknown): DomainError {
  return new DomainError('platform.upstream.unavailable', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
