import { httpStatus } from '@capsule/contracts';
import { toDomainError } from './foreign-error.js';
import { isRemote } from './rpc-error.js';

/**
 * How the process that answers with this error logs it: 'error' for what no rule foresaw, 'warn' for a foreseen fault of
 * ours that has a cause worth reading, undefined for a fault of the caller and for what another process has logged.
 */
export function logSeverity(error: unknown): 'error' | 'warn' | undefined {
  if (isRemote(error)) return undefined;
  const { kind, cause } = toDomainError(error);
  if (kind === 'internal') return 'error';
  return httpStatus(kind) >= 500 && cause !== undefined ? 'warn' : undefined;
}
