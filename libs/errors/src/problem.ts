import { errorCatalogue, httpStatus, type Problem } from '@capsule/contracts';
import { DomainError } from './domain-error.js';
import { toDomainError } from './foreign-error.js';

/** This file is a second entry of the lib, for processes that load no Nest. */
export { DomainError };

export interface ProblemOrigin {
  requestId?: string;
  /** Path of the request, without its query: a query may carry what must not be repeated. */
  instance?: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** Waited for when an unavailable or limited request names no time of its own. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

/**
 * The RFC 9457 body of an error. Of a "not found" nothing but the code decides it: a thing that is absent and a thing
 * that belongs to somebody else must answer alike, so a detail given with one is left out.
 */
export function toProblem(error: unknown, origin: ProblemOrigin = {}): Problem {
  const { code, kind, detail, fieldErrors } = toDomainError(error);
  const tells = kind !== 'not_found';
  return {
    type: `/docs/errors/${code}`,
    title: errorCatalogue[code].title,
    status: httpStatus(kind),
    code,
    ...(tells && detail !== undefined && { detail }),
    ...(origin.instance !== undefined && { instance: origin.instance }),
    ...(origin.requestId !== undefined && { requestId: origin.requestId }),
    ...(tells &&
      fieldErrors !== undefined && { errors: fieldErrors.map(({ path, message }) => ({ path, message })) }),
  };
}

/** Headers that belong to the problem: content type, `Retry-After` (RFC 9110 §10.2.3), `WWW-Authenticate` (§11.6.1). */
export function problemHeaders(error: DomainError): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_CONTENT_TYPE };
  if (error.kind === 'limited' || error.kind === 'unavailable') {
    headers['retry-after'] = String(
      Math.max(1, Math.ceil(error.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS)),
    );
  }
  if (error.kind === 'unauthenticated') headers['www-authenticate'] = 'Bearer';
  return headers;
}
