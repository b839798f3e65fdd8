import type { ZodError } from 'zod';
import { DomainError, type FieldError } from './domain-error.js';

/** More faults than this help nobody and would make the answer to a hostile body larger than the body. */
const FIELD_ERRORS_MAX = 50;

/** `platform.request.invalid` with every faulty field by its path; an unknown field is named by its own path. */
export function validationError(error: ZodError): DomainError {
  const fieldErrors = error.issues.flatMap((issue): FieldError[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'Unknown field' }))
      : [{ path: pathOf(issue.path), message: issue.message }],
  );
  return new DomainError('platform.request.invalid', { fieldErrors: fieldErrors.slice(0, FIELD_ERRORS_MAX) });
}

const PATH_CHARACTERS_MAX = 200;

function pathOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.').slice(0, PATH_CHARACTERS_MAX);
}
