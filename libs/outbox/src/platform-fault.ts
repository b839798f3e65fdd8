import { DomainError } from '@capsule/errors';

/** The database ends, is overloaded, or rolled the transaction back for the sake of others. */
const SQL_STATES = /^(?:08|40|53)|^57P|^55P03$/;
const NODE_CODES = /^E(?:CONN|PIPE$|TIMEDOUT$|NOTFOUND$|AI_AGAIN$|HOSTUNREACH$|NETUNREACH$)/;

/** Took a statement or another service too long? That may be the handler's fault as well as the platform's. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'platform.upstream.timeout';
}

/**
 * Failed the platform, and not the handler? Then the event is as good as it was, and the same attempt may succeed
 * later. A service's own `unavailable` (an account not opened yet) is a failure of the handler: it may last for ever.
 */
export function isPlatformFault(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.code.startsWith('platform.') && (error.kind === 'unavailable' || error.kind === 'timeout');
  }
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // TypeORM and others wrap what the driver said.
  const wrapped = 'driverError' in error ? error.driverError : error.cause;
  return SQL_STATES.test(code) || NODE_CODES.test(code) || isPlatformFault(wrapped);
}
