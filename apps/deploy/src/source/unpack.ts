/**
 * Unpacks a tar of strangers into a new folder, safely:
 *
 *  - only regular files, directories, and links that stay inside; names that lead out, devices, pipes and anything
 *    that is there twice (also by the folder's own idea of equal names: case, Unicode form) are refused;
 *  - symbolic links are made last, so that nothing is written through one, and none leads out (see tree-names.ts);
 *  - owner, time and mode are ours: 0644, or 0755 for what may be executed; no setuid, setgid or sticky bits;
 *  - bytes, entries, names and depth are bounded while reading. A hard link counts like a copy of its original: that
 *    is what it becomes as soon as the tree is packed.
 *
 * It works in a sibling `<target>.unpacking` and renames at the end: the target is there completely or not at all.
 * A single top-level folder is stripped, as archives of code hosting sites have one.
 */
import { createWriteStream } from 'node:fs';
import { link, lstat, mkdir, opendir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { DeploymentFailure } from '../engine/deployment-failure.js';
import { removeFolder } from '../engine/remove-folder.js';
import { TreeBounds, type TreeLimits } from '../engine/tree-bounds.js';
import { hasControlCharacters, leadsOut } from '../engine/tree-names.js';

export interface UnpackLimits extends TreeLimits {
  /** Keeps a single top-level folder, which in a repository is no wrapping. */
  keepTopFolder?: boolean;
}

const SUBJECT = 'the archive cannot be used: it';
const NAME_BYTES_MAX = 255;

/**
 * @param tar the plain tar, already decompressed
 * @param target must not exist; its parent must
 * @throws DeploymentFailure source_invalid, with nothing left behind
 */
export async function unpackTar(
  tar: AsyncIterable<Uint8Array>,
  target: string,
  limits: UnpackLimits,
): Promise<void> {
  const staging = `${target}.unpacking`;
  await removeFolder(staging);
  await mkdir(staging, { mode: 0o700 });
  try {
    const links = await unpackFiles(tar, staging, limits);
    const wrapping = limits.keepTopFolder ? null : await wrappingFolder(staging, links);
    for (const link of links) await makeLink(staging, link, wrapping === null ? 0 : 1);
    await rename(join(staging, wrapping ?? ''), target);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await removeFolder(staging);
  }
}

interface SymbolicLink {
  name: string;
  target: string;
}

/** The only thing at the top when that is a folder; null otherwise. */
async function wrappingFolder(staging: string, links: SymbolicLink[]): Promise<string | null> {
  const top = await opendir(staging);
  const [only, other] = [await top.read(), await top.read()];
  await top.close();
  if (!only?.isDirectory() || other !== null) return null;
  return links.every(({ name }) => name.includes('/')) ? only.name : null;
}

async function unpackFiles(
  tar: AsyncIterable<Uint8Array>,
  root: string,
  limits: UnpackLimits,
): Promise<SymbolicLink[]> {
  const links: SymbolicLink[] = [];
  const bounds = new TreeBounds(limits, SUBJECT);
  const folders = new Folders(root, bounds);
  let holdsFiles = false;
  const extraction = extract();
  const feeding = pipeline(tar, extraction as unknown as NodeJS.WritableStream);
  // Its rejection is that of the iteration below; without a listener it would be an unhandled one beside it.
  feeding.catch(() => {});
  for await (const entry of extraction) {
    const { header } = entry;
    bounds.addBytes(header.size);
    const path = splitName(header.name);
    const name = path.join('/');
    // A new folder is counted when it is made.
    if (header.type !== 'directory' || folders.has(name)) bounds.addEntry(name);
    if (path.length === 0) {
      entry.resume();
      continue;
    }
    await folders.make(path.slice(0, -1));
    switch (header.type) {
      case 'directory':
        await folders.make(path);
        break;
      case 'file':
      case 'contiguous-file':
        await pipeline(
          Readable.from(entry),
          createWriteStream(join(root, name), { flags: 'wx', mode: modeOf(header) }),
        );
        holdsFiles = true;
        continue;
      case 'link': {
        const original = join(root, ...splitName(header.linkname));
        // Nothing in the way to it is a symbolic link: those are made last.
        const stats = await lstat(original).catch(() => null);
        if (!stats?.isFile()) refuse(`"${name}" is a link to something that is no file of the archive`);
        bounds.addBytes(stats.size);
        await link(original, join(root, name));
        break;
      }
      case 'symlink':
        bounds.addLinkTarget(header.linkname ?? '');
        links.push({ name, target: header.linkname ?? '' });
        break;
      case 'block-device':
      case 'character-device':
      case 'fifo':
      default:
        refuse(`"${name}" is neither file, directory nor link`);
    }
    entry.resume();
  }
  await feeding;
  if (!holdsFiles) refuse('it holds no files');
  return links;
}

/** Segments of a name without `.` and empty ones. */
function splitName(name: string): string[] {
  if (name.startsWith('/')) refuse('it holds an absolute path');
  if (hasControlCharacters(name)) refuse('it holds a name with control characters');
  const path = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (path.includes('..')) refuse('it holds a path that leads out of it');
  if (path.some((segment) => Buffer.byteLength(segment) > NAME_BYTES_MAX)) {
    refuse('it holds a path that is too long');
  }
  return path;
}

/** Folders that were made for the archive, most of them because a path goes through them. */
class Folders {
  private readonly made = new Set(['']);

  constructor(
    private readonly root: string,
    private readonly bounds: TreeBounds,
  ) {}

  has(name: string): boolean {
    return this.made.has(name);
  }

  async make(path: string[]): Promise<void> {
    for (let depth = 1; depth <= path.length; depth += 1) {
      const name = path.slice(0, depth).join('/');
      if (this.made.has(name)) continue;
      this.bounds.addEntry(name);
      await mkdir(join(this.root, name), { mode: 0o755 });
      this.made.add(name);
    }
  }
}

/** @param stripped how many leading segments of the path the finished folder won't have */
async function makeLink(root: string, { name, target }: SymbolicLink, stripped: number): Promise<void> {
  const finished = name.split('/').slice(stripped).join('/');
  if (leadsOut(finished, target)) refuse(`the link "${name}" leads out of it`);
  await symlink(target, join(root, name));
}

function modeOf(header: Header): number {
  return ((header.mode ?? 0) & 0o111) === 0 ? 0o644 : 0o755;
}

function refuse(detail: string): never {
  throw invalid(detail);
}

function asFailure(error: unknown): unknown {
  if (error instanceof DeploymentFailure) return error;
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') {
    return invalid('it holds the same path twice', error);
  }
  // Faults of the disk, of gzip or a cancellation are not the tar's.
  if (/^[EZ]/.test(code ?? '') || name === 'AbortError') return error;
  return invalid(message, error);
}

function invalid(detail: string, cause?: unknown): DeploymentFailure {
  return new DeploymentFailure('source_invalid', `the archive cannot be used: ${detail}`, { cause });
}
