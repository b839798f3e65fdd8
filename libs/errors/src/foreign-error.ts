import { type ErrorCode, errorKinds } from '@capsule/contracts';
import { DomainError } from './domain-error.js';

/**
 * What Fastify and Nest refuse before our code runs, by status. Their messages may quote the request, so only the
 * status is taken over.
 */
const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [errorKinds.malformed, 'platform.request.malformed'],
  [errorKinds.unauthenticated, 'auth.token.invalid'],
  [errorKinds.forbidden, 'platform.permission.denied'],
  [errorKinds.not_found, 'platform.route.not_found'],
  [errorKinds.method_not_allowed, 'platform.request.method_not_allowed'],
  [errorKinds.too_large, 'platform.request.too_large'],
  [errorKinds.unsupported_media, 'platform.request.unsupported_media'],
  [errorKinds.invalid, 'platform.request.invalid'],
  [errorKinds.limited, 'platform.request.rate_limited'],
]);

/** The error as a domain error; what no rule foresaw becomes `platform.request.internal` with itself as cause. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const status = frameworkStatus(error);
  const code = status === undefined ? undefined : codeByStatus.get(status);
  return new DomainError(code ?? 'platform.request.internal', { cause: error });
}

/** Fastify marks its own errors with `FST_` codes (or as a 400 of the JSON parser); Nest's are HttpExceptions. */
function frameworkStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('getStatus' in error && typeof error.getStatus === 'function') {
    const status = (error as Error & { getStatus(): unknown }).getStatus();
    return typeof status === 'number' ? status : undefined;
  }
  if (!('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  const ofFastify = 'code' in error && typeof error.code === 'string' && error.code.startsWith('FST_');
  return ofFastify || error instanceof SyntaxError ? error.statusCode : undefined;
}
