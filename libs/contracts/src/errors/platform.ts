import type { ErrorEntry } from './kind.js';

export const platformErrors = {
  'platform.request.malformed': {
    kind: 'malformed',
    title: 'The request could not be read',
    when: 'The body is not valid JSON, a header is broken, the content length does not match, or it is no HTTP at all.',
    remedy: 'Send well-formed JSON with the content type `application/json`.',
  },
  'platform.request.headers_too_large': {
    kind: 'headers_too_large',
    title: 'The request headers are too large',
    when: 'The request line and the headers together exceed 16 KiB. The connection is closed.',
    remedy: 'Send fewer or shorter headers, most often cookies, or a shorter query.',
  },
  'platform.request.too_slow': {
    kind: 'too_slow',
    title: 'The request did not arrive in time',
    when: 'The headers or the body took too long to arrive. The connection is closed.',
    remedy: 'Send the request again, over a faster line if it is large.',
  },
  'platform.request.invalid': {
    kind: 'invalid',
    title: 'The request has invalid fields',
    when: 'A field is missing, unknown, of the wrong type or out of its range. `errors` lists every one by its path.',
    remedy: 'Correct the listed fields and send the request again.',
  },
  'platform.request.too_large': {
    kind: 'too_large',
    title: 'The request body is too large',
    when: 'The body exceeds the limit of the route.',
    remedy: 'Send less; an archive must stay below the size the documentation of the route names.',
  },
  'platform.request.unsupported_media': {
    kind: 'unsupported_media',
    title: 'The content type is not supported',
    when: 'The route does not take bodies of this content type.',
    remedy: 'Send one of the content types the OpenAPI document lists for the route.',
  },
  'platform.request.method_not_allowed': {
    kind: 'method_not_allowed',
    title: 'The method is not allowed here',
    when: 'The path exists, but not for this method. `Allow` lists those it has.',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  'platform.request.rate_limited': {
    kind: 'limited',
    title: 'Too many requests',
    when: 'The caller sent more requests than its limit in the window.',
    remedy: 'Wait for the seconds in `Retry-After` and send fewer requests.',
  },
  'platform.request.conflict': {
    kind: 'conflict',
    title: 'The request conflicts with the present state',
    when: 'A unique or referencing rule of the database refused the change.',
    remedy: 'Read the resource again and decide anew.',
  },
  'platform.request.idempotency_key_reused': {
    kind: 'conflict',
    title: 'The idempotency key was used for another request',
    when: 'The same `Idempotency-Key` came before with a different body.',
    remedy: 'Use a fresh key for a new request; repeat a key only with the identical body.',
  },
  'platform.request.internal': {
    kind: 'internal',
    title: 'Something went wrong on our side',
    when: 'An error that no rule foresaw. It was logged under the request id.',
    remedy: 'Try again; if it persists, report the `requestId`.',
  },
  'platform.route.not_found': {
    kind: 'not_found',
    title: 'There is no such route',
    when: 'No route has this path.',
    remedy: 'Look the path up in `/v1/openapi.json` or at `/docs`.',
  },
  'platform.permission.denied': {
    kind: 'forbidden',
    title: 'Your role does not allow this',
    when: 'The caller is known, but the role in the organization lacks the permission.',
    remedy: 'Ask an owner or admin of the organization for a role with the permission.',
  },
  'platform.upstream.unavailable': {
    kind: 'unavailable',
    title: 'A service is not available',
    when: 'The service behind the route is starting, stopping or down, its circuit breaker is open, its database went away, or it has no keys yet to verify access tokens with.',
    remedy: 'Try again after the seconds in `Retry-After`; a change under the same `Idempotency-Key`.',
  },
  'platform.upstream.timeout': {
    kind: 'timeout',
    title: 'A service did not answer in time',
    when: 'The deadline of the request passed, or its database took too long. A change may or may not have happened.',
    remedy: 'Read the resource, or repeat the request with the same `Idempotency-Key`.',
  },
  'platform.service.overloaded': {
    kind: 'unavailable',
    title: 'The service is busy',
    when: 'Every database connection of the service was in use for longer than a request may wait, or its database or its storage has no room left.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  'platform.operator.token_missing': {
    kind: 'unauthenticated',
    title: 'The operator token is missing',
    when: 'A route for operators (`/metrics`, `/operations/…`) was called without a bearer token.',
    remedy: 'Send `Authorization: Bearer <token>` with the token that OPERATOR_TOKEN holds.',
  },
  'platform.operator.token_refused': {
    kind: 'unauthenticated',
    title: 'The operator token is not the right one',
    when: 'The bearer token is not the one that OPERATOR_TOKEN holds.',
    remedy: "Use the token of the process's own configuration; a token of a session does not serve here.",
  },
  'platform.cursor.invalid': {
    kind: 'invalid',
    title: 'The cursor is not valid',
    when: 'The `cursor` was altered, is older than a day, or belongs to another list or organization.',
    remedy: 'Start again without a cursor.',
  },
} as const satisfies Record<string, ErrorEntry>;
