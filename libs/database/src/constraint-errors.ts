import { DomainError } from '@capsule/errors';
import { postgresError } from './sql-state.js';

type ErrorCode = DomainError['code'];

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

/** The constraint that the database says was violated, if that is what the error tells. */
export function violatedConstraint(error: unknown): string | undefined {
  return postgresError(error)?.constraint;
}

/**
 * What a violated constraint means to a caller: `map` names the repository's constraints. Unique and foreign keys
 * that it doesn't name are conflicts all the same; any other error is returned as it came.
 *
 *     catch (error) { throw translateConstraint(error, { uq_users__email: 'auth.user.email_taken' }); }
 */
export function translateConstraint(error: unknown, map: Readonly<Record<string, ErrorCode>>): unknown {
  if (error instanceof DomainError) return error;
  const violation = postgresError(error);
  if (violation === undefined) return error;
  const code = violation.constraint === undefined ? undefined : map[violation.constraint];
  if (code !== undefined) return new DomainError(code, { cause: error });
  if (violation.code === UNIQUE_VIOLATION || violation.code === FOREIGN_KEY_VIOLATION) {
    return new DomainError('platform.request.conflict', { cause: error });
  }
  return error;
}
