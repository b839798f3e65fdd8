/**
 * The log of a deployment on disk: chunks named by the offset of their first byte, so that offsets survive every
 * rotation and crash without any state beside the files. Old chunks are deleted when the log exceeds its bound.
 *
 * Lives in plain JavaScript because the runner of an instance, a process of its own, loads it without the platform.
 *
 * Two processes append: the runner of an instance (which also rotates) and the platform (single lines in between).
 * Appends of whole lines to one file don't tear. The platform may lose the race against a rotation and write behind
 * the end of a chunk that was closed already; such bytes belong to no offset, so `appendLine` looks and writes again.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Longer lines are broken: one can't fill a reader's memory. */
export const LINE_BYTES_MAX = 16 * 1024;
const CHUNKS = 8;
const NEW_LINE = 0x0a;
const CHUNK_NAME = /^\d{15}\.log$/;

/** @typedef {{ path: string, start: number, size: number }} Chunk */

/** @param {string} folder @param {number} start */
const chunkPath = (folder, start) => join(folder, `${String(start).padStart(15, '0')}.log`);

/**
 * The chunks of a log, oldest first; none when nothing was written yet.
 * @param {string} folder
 * @returns {Chunk[]}
 */
export function listChunks(folder) {
  /** @type {string[]} */
  let names;
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => CHUNK_NAME.test(name))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      // A reader may list a chunk that the writer deletes in this moment.
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      return size === undefined ? [] : [{ path, start: Number(name.slice(0, -4)), size }];
    });
}

/**
 * Appends one line for the platform.
 * @param {string} folder
 * @param {string} line without its line break
 */
export function appendLine(folder, line) {
  const bytes = Buffer.from(`${line.replaceAll(/[\r\n]+/g, ' ')}\n`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    const last = listChunks(folder).at(-1);
    const start = last?.start ?? 0;
    const descriptor = openSync(chunkPath(folder, start), 'a', 0o600);
    try {
      endTornLine(descriptor, chunkPath(folder, start));
      writeSync(descriptor, bytes);
      const newer = listChunks(folder).at(-1);
      if (!newer || newer.start === start || newer.start >= start + fstatSync(descriptor).size) return;
    } finally {
      closeSync(descriptor);
    }
  }
}

/**
 * A writer that was killed may have left half a line; what follows must not become its end.
 * @param {number} descriptor open for appending
 * @param {string} path
 */
function endTornLine(descriptor, path) {
  const { size } = fstatSync(descriptor);
  if (size === 0) return;
  const reader = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    readSync(reader, last, 0, 1, size - 1);
    if (last[0] !== NEW_LINE) writeSync(descriptor, '\n');
  } finally {
    closeSync(reader);
  }
}

/** The runner's side: appends and rotates. */
export class LogRing {
  #folder;
  #maxBytes;
  #start = 0;
  #descriptor = -1;

  /** @param {{ folder: string, maxBytes: number }} options maxBytes: upper bound of the log on disk */
  constructor({ folder, maxBytes }) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#open(listChunks(folder).at(-1)?.start ?? 0);
    endTornLine(this.#descriptor, chunkPath(folder, this.#start));
  }

  /** @param {Uint8Array} lines whole lines, the last with its line break */
  append(lines) {
    const { size } = fstatSync(this.#descriptor);
    if (size >= this.#maxBytes / CHUNKS) this.#rotate(this.#start + size);
    writeSync(this.#descriptor, lines);
  }

  /** @param {number} start */
  #rotate(start) {
    closeSync(this.#descriptor);
    this.#open(start);
    const kept = this.#maxBytes - this.#maxBytes / CHUNKS;
    for (const chunk of listChunks(this.#folder)) {
      if (start - chunk.start <= kept) break;
      unlinkSync(chunk.path);
    }
  }

  /** @param {number} start */
  #open(start) {
    this.#start = start;
    this.#descriptor = openSync(chunkPath(this.#folder, start), 'a', 0o600);
  }
}

/** Cuts a stream of bytes into whole lines no longer than LINE_BYTES_MAX. */
export class LineCutter {
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /**
   * @param {Buffer} bytes
   * @returns {Buffer} the whole lines that are complete now; empty when none is
   */
  push(bytes) {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const lines = [];
    let from = 0;
    for (;;) {
      const end = all.indexOf(NEW_LINE, from);
      const length = (end < 0 ? all.length : end + 1) - from;
      if (length > LINE_BYTES_MAX) {
        lines.push(all.subarray(from, from + LINE_BYTES_MAX - 1), Buffer.of(NEW_LINE));
        from += LINE_BYTES_MAX - 1;
      } else if (end < 0) {
        break;
      } else {
        lines.push(all.subarray(from, end + 1));
        from = end + 1;
      }
    }
    this.#rest = Buffer.from(all.subarray(from));
    return Buffer.concat(lines);
  }

  /** @returns {Buffer} what the stream ended with, made a whole line; empty when it ended with a line break */
  end() {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? rest : Buffer.concat([rest, Buffer.of(NEW_LINE)]);
  }
}
