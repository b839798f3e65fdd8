import { type Endpoint, honoursIdempotencyKey } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';

/** Printable ASCII, so that the key passes a NATS header and a log line as it is. */
const SHAPE = /^[\x21-\x7e]{1,200}$/;

/**
 * The `Idempotency-Key` of a request whose service remembers it in the transaction of the effect. Where none does, the
 * header is not read: a key that goes on would look like a promise.
 * @throws DomainError platform.request.invalid
 */
export function readIdempotencyKey(
  endpoint: Endpoint,
  header: string | string[] | undefined,
): string | undefined {
  if (header === undefined || !honoursIdempotencyKey(endpoint)) return undefined;
  if (typeof header === 'string' && SHAPE.test(header)) return header;
  throw new DomainError('platform.request.invalid', {
    fieldErrors: [{ path: 'Idempotency-Key', message: 'Must be 1 to 200 printable ASCII characters' }],
  });
}
