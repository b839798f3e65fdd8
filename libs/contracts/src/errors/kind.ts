/** The kinds an error can be of, and the HTTP status (RFC 9110) each one is answered with. */
export const errorKinds = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
  timeout: 504,
} as const;

export type ErrorKind = keyof typeof errorKinds;

export function httpStatus(kind: ErrorKind): number {
  return errorKinds[kind];
}

/** An entry of the catalogue: the public title, and for the docs page when it comes and what to do then. */
export interface ErrorEntry {
  kind: ErrorKind;
  title: string;
  when: string;
  remedy: string;
}
