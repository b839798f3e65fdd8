import { constants, createWriteStream } from 'node:fs';
import { lstat, open, opendir, readlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { DeploymentFailure } from './deployment-failure.js';
import { TreeBounds, type TreeLimits } from './tree-bounds.js';
import { hasControlCharacters, leadsOut } from './tree-names.js';

const EPOCH = new Date(0);
const SUBJECT = 'the built app';

export interface PackRequest {
  folder: string;
  /** Only files of this user are taken: a hard link to someone else's file would be read with the engine's rights. */
  owner: number | null;
  limits: TreeLimits;
  signal: AbortSignal;
}

/**
 * Packs a folder into `file` as `.tar.gz`. Equal contents give equal bytes: names are sorted, and time and owner are left out.
 * @throws DeploymentFailure source_invalid when the folder holds more than it may, or what could not be unpacked again
 */
export async function packFolder(
  file: string,
  request: PackRequest,
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measure = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      hash.update(bytes);
      sizeBytes += bytes.length;
      done(null, bytes);
    },
  });
  const archive = pack();
  const writing = pipeline(
    archive as unknown as NodeJS.ReadableStream,
    createGzip(),
    measure,
    createWriteStream(file, { mode: 0o600 }),
    { signal: request.signal },
  );
  writing.catch(() => {});
  try {
    await addFolder(archive, '', request, new TreeBounds(request.limits, SUBJECT));
    archive.finalize();
  } catch (error) {
    archive.destroy();
    throw error;
  }
  await writing;
  return { digest: hash.digest('hex'), sizeBytes };
}

async function addFolder(
  archive: Pack,
  path: string,
  request: PackRequest,
  bounds: TreeBounds,
): Promise<void> {
  for (const entry of await entriesOf(path, request, bounds)) {
    request.signal.throwIfAborted();
    const full = join(request.folder, entry);
    const { uid, ...info } = await lstatKind(full);
    if (request.owner !== null && uid !== request.owner) continue;
    if (info.kind === 'directory') {
      archive.entry({ ...plain(entry), type: 'directory', mode: 0o755 });
      await addFolder(archive, entry, request, bounds);
    } else if (info.kind === 'symlink') {
      const linkname = await readlink(full);
      bounds.addLinkTarget(linkname);
      if (leadsOut(entry, linkname)) refuse(`holds the link "${entry}", which leads out of it`);
      archive.entry({ ...plain(entry), type: 'symlink', linkname, mode: 0o777 });
    } else if (info.kind === 'file') {
      await addFile(archive, entry, full, request, bounds);
    }
  }
}

/** Counted while they are read: an install script may leave millions in one folder. */
async function entriesOf(path: string, request: PackRequest, bounds: TreeBounds): Promise<string[]> {
  const entries: string[] = [];
  for await (const { name } of await opendir(join(request.folder, path))) {
    request.signal.throwIfAborted();
    const entry = path === '' ? name : `${path}/${name}`;
    if (hasControlCharacters(name)) refuse('holds a name with control characters');
    bounds.addEntry(entry);
    entries.push(entry);
  }
  return entries.sort();
}

async function addFile(
  archive: Pack,
  entry: string,
  full: string,
  request: PackRequest,
  bounds: TreeBounds,
): Promise<void> {
  const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size, mode, uid } = await handle.stat();
    if (request.owner !== null && uid !== request.owner) return;
    bounds.addBytes(size);
    const sink = archive.entry({
      ...plain(entry),
      type: 'file',
      size,
      mode: (mode & 0o111) === 0 ? 0o644 : 0o755,
    });
    await pipeline(
      size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1, autoClose: false }),
      sink as unknown as NodeJS.WritableStream,
    );
  } finally {
    await handle.close();
  }
}

/** What would be refused when the app is started is so while it is built: an install script may have made it. */
function refuse(what: string): never {
  throw new DeploymentFailure('source_invalid', `${SUBJECT} ${what}`);
}

async function lstatKind(
  path: string,
): Promise<{ kind: 'file' | 'directory' | 'symlink' | 'other'; uid: number }> {
  const stats = await lstat(path);
  const kind = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other';
  return { kind, uid: stats.uid };
}

function plain(name: string) {
  return { name, mtime: EPOCH, uid: 0, gid: 0, uname: '', gname: '' };
}
