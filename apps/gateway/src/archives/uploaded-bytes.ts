import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { DomainError } from '@capsule/errors';

/**
 * The body of a request as a stream of its own. Whoever refuses it half-way destroys what it reads from; done to the
 * request itself that would cut the connection before the caller could be told why. It fails when there is no byte.
 */
export function uploadedBytes(request: IncomingMessage): Readable {
  return Readable.from(chunksOf(request), { objectMode: false });
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  let isEmpty = true;
  try {
    // Not `yield*`: it would hand an error thrown in here on to the request's iterator, which destroys the request.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      isEmpty = false;
      yield chunk;
    }
  } catch (cause) {
    throw new DomainError('platform.request.malformed', { detail: 'The upload broke off.', cause });
  }
  if (isEmpty) throw new DomainError('deploy.archive.empty');
}
