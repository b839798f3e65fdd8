/**
 * Objects (archives, artifacts) in a folder:
 *
 *   <folder>/objects/<key>   whole objects only
 *   <folder>/incoming/<id>   what is being written
 *
 * An object is written to `incoming`, flushed to disk, and renamed to its key in one step; the folder's entry is flushed too.
 * A reader therefore sees the old object, the new one or none, never a part, and an acknowledged object survives a power
 * cut. A crash leaves a file in `incoming`, which is removed once nothing was written to it for an hour: two processes (the
 * gateway writes, deploy reads) share a folder, so a young file may be an upload of the other.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { DomainError } from '@capsule/errors';
import { assertObjectKey } from './object-key.js';

export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** SHA-256 of the content, lowercase hex. */
  digest: string;
}

export interface PutOptions {
  maxBytes: number;
  /** Code of the refusal, of kind `too_large`. */
  tooLarge?: 'platform.request.too_large' | 'deploy.archive.too_large';
  /** Once it is aborted nothing is stored any more: looked at with each chunk, and before the object appears. */
  signal?: AbortSignal;
}

const LEFTOVER_AGE_MS = 3_600_000;
/** A full disk stays so until somebody makes room. */
const FULL_RETRY_SECONDS = 10;
const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

export class ObjectStore {
  private constructor(
    private readonly objects: string,
    private readonly incoming: string,
  ) {}

  /** Makes the folder if need be, readable by its owner alone, and removes what crashed uploads left behind. */
  static async open(folder: string): Promise<ObjectStore> {
    const root = resolve(folder);
    const incoming = join(root, 'incoming');
    const objects = join(root, 'objects');
    await mkdir(incoming, { recursive: true, mode: OWNER_ONLY_FOLDER });
    await mkdir(objects, { recursive: true, mode: OWNER_ONLY_FOLDER });
    const store = new ObjectStore(await realpath(objects), await realpath(incoming));
    await store.removeLeftovers();
    return store;
  }

  /**
   * Stores a stream under the key, replacing what was there. If the stream fails or is too large nothing changes.
   * @throws DomainError of kind too_large as soon as `maxBytes` is exceeded, platform.service.overloaded when the disk
   * is full; the reason of `signal`
   */
  async putStream(key: string, content: Readable, options: PutOptions): Promise<StoredObject> {
    // What reads the stream below reports its error; one that comes before would be nobody's, and end the process.
    content.on('error', () => {});
    const path = await this.pathForWriting(key);
    const temporary = join(this.incoming, randomUUID());
    try {
      const written = await this.write(temporary, content, options);
      options.signal?.throwIfAborted();
      await rename(temporary, path);
      await flushFolder(dirname(path));
      return { key, ...written };
    } catch (error) {
      await rm(temporary, { force: true });
      throw isFull(error)
        ? new DomainError('platform.service.overloaded', {
            cause: error,
            retryAfterSeconds: FULL_RETRY_SECONDS,
          })
        : error;
    }
  }

  /** Leaving the loop by an error also destroys the stream, so that a sender beyond the limit is not read on. */
  private async write(
    path: string,
    content: Readable,
    options: PutOptions,
  ): Promise<{ sizeBytes: number; digest: string }> {
    const file = await open(path, 'wx', OWNER_ONLY_FILE);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    try {
      for await (const chunk of content as AsyncIterable<Buffer>) {
        options.signal?.throwIfAborted();
        sizeBytes += chunk.length;
        if (sizeBytes > options.maxBytes) throw tooLarge(options);
        hash.update(chunk);
        await file.appendFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { sizeBytes, digest: hash.digest('hex') };
  }

  /** Undefined when there is no such object. The caller reads the stream to its end or destroys it. */
  async getStream(key: string): Promise<{ content: Readable; sizeBytes: number } | undefined> {
    const file = await this.openForReading(key);
    if (!file) return undefined;
    const { size } = await file.stat();
    return { content: file.createReadStream(), sizeBytes: size };
  }

  async stat(key: string): Promise<{ sizeBytes: number; storedAt: Date } | undefined> {
    const file = await this.openForReading(key);
    if (!file) return undefined;
    try {
      const { size, mtime } = await file.stat();
      return { sizeBytes: size, storedAt: mtime };
    } finally {
      await file.close();
    }
  }

  /** False when there was no such object. */
  async delete(key: string): Promise<boolean> {
    const path = this.pathOf(key);
    try {
      await this.assertInside(dirname(path));
      await unlink(path);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** What crashed uploads left behind. `open` does it too; a process that runs for long calls it now and then. */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.incoming)) {
      const path = join(this.incoming, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (Date.now() - mtimeMs > LEFTOVER_AGE_MS) await rm(path, { force: true });
    }
  }

  private pathOf(key: string): string {
    assertObjectKey(key);
    return join(this.objects, key);
  }

  /** Makes the folders of the key one by one, so that a link among them is found before anything is made behind it. */
  private async pathForWriting(key: string): Promise<string> {
    const path = this.pathOf(key);
    let folder = this.objects;
    for (const segment of key.split('/').slice(0, -1)) {
      folder = join(folder, segment);
      await mkdir(folder, { mode: OWNER_ONLY_FOLDER }).catch(ignoreExisting);
      await this.assertInside(folder);
    }
    return path;
  }

  private async openForReading(key: string): Promise<FileHandle | undefined> {
    const path = this.pathOf(key);
    try {
      await this.assertInside(dirname(path));
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      if ((await file.stat()).isFile()) return file;
      await file.close();
      return undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** A link that somebody laid into the store must not lead out of it. */
  private async assertInside(folder: string): Promise<void> {
    const real = await realpath(folder);
    if (real !== this.objects && !real.startsWith(this.objects + sep)) {
      throw new Error('A folder of the object store leads out of it.');
    }
  }
}

/** Also for who knows the size beforehand. */
export function tooLarge({
  maxBytes,
  tooLarge: code = 'platform.request.too_large',
}: PutOptions): DomainError {
  return new DomainError(code, { detail: `At most ${maxBytes} bytes are taken.` });
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** A rename is durable when the folder that holds the name is. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
