import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What may be repeated in headers, logs and answers without a thought about escaping. */
const SHAPE = /^[A-Za-z0-9._-]{8,100}$/;

/** The caller's `X-Request-Id` when it is well-formed, else a fresh one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SHAPE.test(given) ? given : randomUUID();
}
