import type { HttpMethod } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';

/** Printable ASCII, so that the key passes a NATS header and a log line as it is. */
const SHAPE = /^[\x21-\x7e]{1,200}$/;

/**
 * The `Idempotency-Key` of a request that changes something; the service remembers it in the transaction of the effect.
 * @throws DomainError platform.request.invalid
 */
export function readIdempotencyKey(
  method: HttpMethod,
  header: string | string[] | undefined,
): string | undefined {
  if (header === undefined || method === 'GET') return undefined;
  if (typeof header === 'string' && SHAPE.test(header)) return header;
  throw new DomainError('platform.request.invalid', {
    fieldErrors: [{ path: 'Idempotency-Key', message: 'Must be 1 to 200 printable ASCII characters' }],
  });
}
