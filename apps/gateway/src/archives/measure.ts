import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ErrorCode } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';

/**
 * Reads a stream to its end and keeps nothing of it.
 * @returns lower-case hex SHA-256, and the number of bytes
 * @throws DomainError of the code given as `tooLarge`
 */
export async function measure(
  content: Readable,
  { maxBytes, tooLarge }: { maxBytes: number; tooLarge: ErrorCode },
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new DomainError(tooLarge);
    hash.update(chunk);
  }
  return { digest: hash.digest('hex'), sizeBytes };
}
