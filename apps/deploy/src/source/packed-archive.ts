import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
  // The iteration below rejects with it; an event nobody listens to would end the process.
  gunzip.on('error', () => {});

  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const bytes of packed as AsyncIterable<Uint8Array>) {
      hash.update(bytes);
      packedBytes += bytes.length;
      yield bytes;
    }
  }
  async function* tar(): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted();
    pipeline(measured(), gunzip, { signal }).catch(() => {});
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
    if (code?.startsWith('Z_')) throw invalid(`it is no whole gzip (${(error as Error).message})`, error);
    throw error;
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

function invalid(detail: string, cause?: unknown): DeploymentFailure {
  return new DeploymentFailure('source_invalid', `the archive cannot be used: ${detail}`, { cause });
}
