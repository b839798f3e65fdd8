import { DomainError } from '@capsule/errors';
import { postgresError } from './sql-state.js';

const RETRY_AFTER_SECONDS = 1;

/** query_canceled (by statement_timeout) and lock_not_available (by lock_timeout). */
const TIMEOUTS: ReadonlySet<string> = new Set(['57014', '55P03']);
/** What PgBouncer says to a client that waited too long for one of its connections; it has one SQLSTATE for everything. */
const POOLER_EXHAUSTED = 'query_wait_timeout';
const CONNECTION_EXCEPTIONS = '08';
/** The disk is full, memory or connections have run out: of the server, so others may read and write again in a moment. */
const INSUFFICIENT_RESOURCES = '53';
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
  const { code: sqlState = '', message = '' } = postgresError(error) ?? {};
  if (TIMEOUTS.has(sqlState)) return new DomainError('platform.upstream.timeout', { cause: error });
  if (message === POOLER_EXHAUSTED || sqlState.startsWith(INSUFFICIENT_RESOURCES)) return overloaded(error);
  const isAway = isLost || SHUTDOWNS.has(sqlState) || sqlState.startsWith(CONNECTION_EXCEPTIONS);
  return isAway ? unavailable(error) : error;
}

/** No connection became free in time, others were in the way of every attempt, or the server has no room left. */
export function overloaded(cause: unknown): DomainError {
  return new DomainError('platform.service.overloaded', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

export function unavailable(cause: unknown): DomainError {
  return new DomainError('platform.upstream.unavailable', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
