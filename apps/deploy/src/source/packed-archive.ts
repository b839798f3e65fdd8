import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DeploymentFailure } from '../engine/deployment-failure.js';
import { unpackTar, type UnpackLimits } from './unpack.js';

/** Honest sources hardly pass 50; gzip of zeros reaches 1,032. */
const RATIO_MAX = 200;
/** Below this size the ratio says nothing. */
const RATIO_FREE_BYTES = 16 * 1024 * 1024;

export interface Packed {
  /** Lower-case hex SHA-256 that the packed bytes must have. */
  digest: string;
  limits: UnpackLimits;
  signal?: AbortSignal;
}

/**
 * Unpacks a `.tar.gz` into the folder `target`, which must not exist. The digest is compared before anything can be
 * used, so a folder that is there is what was asked for.
 * @throws DeploymentFailure source_invalid, with nothing left behind
 * @throws the reason of `signal`
 */
export async function unpackArchive(
  packed: Readable,
  target: string,
  { digest, limits, signal }: Packed,
): Promise<void> {
  const hash = createHash('sha256');
  let packedBytes = 0;
  const gunzip = createGunzip();
  packed.once('error', (error) => gunzip.destroy(error));
  packed.on('data', (bytes: Buffer) => {
    hash.update(bytes);
    packedBytes += bytes.length;
  });
  packed.pipe(gunzip);
  const abort = () => gunzip.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });

  async function* tar(): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted();
    let unpackedBytes = 0;
    for await (const bytes of gunzip as AsyncIterable<Uint8Array>) {
      unpackedBytes += bytes.length;
      if (unpackedBytes > RATIO_FREE_BYTES && unpackedBytes > packedBytes * RATIO_MAX) {
        throw invalid('it is compressed beyond all measure');
      }
      yield bytes;
    }
    // gunzip ignores what follows the compressed data.
    if (gunzip.bytesWritten !== packedBytes) throw invalid('something follows the compressed data');
    if (hash.digest('hex') !== digest) throw invalid('its digest is not the announced one');
  }

  try {
    await unpackTar(tar(), target, limits);
  } catch (error) {
    signal?.throwIfAborted();
    const code = (error as NodeJS.ErrnoException).code;
    if (code?.startsWith('Z_')) throw invalid('it is no gzip, or cut short', error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    packed.destroy();
    gunzip.destroy();
  }
}

function invalid(detail: string, cause?: unknown): DeploymentFailure {
  return new DeploymentFailure('source_invalid', `the archive can not be used: ${detail}`, { cause });
}
