import { closeSync, openSync, readSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogChunk, LogRequest, LogSink } from './engine.js';
import { appendLine, type Chunk, listChunks } from './runner/log-ring.mjs';

/** Logs of deployments: a folder of chunks each, written by runners and by the platform itself. */
export class DeploymentLogs {
  constructor(private readonly folder: string) {}

  folderOf(deploymentId: string): string {
    return join(this.folder, deploymentId);
  }

  open(deploymentId: string): LogSink {
    const folder = this.folderOf(deploymentId);
    return {
      write: (line) => {
        try {
          appendLine(folder, line);
        } catch {
          // A full disk loses log lines, not deployments.
        }
      },
    };
  }

  async remove(deploymentId: string): Promise<void> {
    await rm(this.folderOf(deploymentId), { recursive: true, force: true });
  }

  read({ deploymentId, offset, maxBytes }: LogRequest): LogChunk {
    const chunks = listChunks(this.folderOf(deploymentId));
    const last = chunks.at(-1);
    if (!last) return { text: '', startOffset: 0, nextOffset: 0 };
    const end = last.start + last.size;
    const startOffset = Math.min(Math.max(offset, chunks[0]?.start ?? 0), end);
    const bytes = readFrom(chunks, startOffset, maxBytes);
    const whole = bytes.subarray(0, wholeLength(bytes, maxBytes));
    return { text: whole.toString('utf8'), startOffset, nextOffset: startOffset + whole.length };
  }
}

function readFrom(chunks: Chunk[], offset: number, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let position = offset;
  let wanted = maxBytes;
  for (const [index, chunk] of chunks.entries()) {
    // Bytes behind the start of the next chunk belong to no offset (see log-ring.mjs).
    const end = Math.min(chunk.start + chunk.size, chunks[index + 1]?.start ?? Infinity);
    const length = Math.min(end - position, wanted);
    if (length <= 0) continue;
    const part = readPart(chunk.path, position - chunk.start, length);
    parts.push(part);
    position += part.length;
    wanted -= part.length;
    // Rotated away between listing and reading: what follows would not be adjacent.
    if (part.length < length) break;
  }
  return Buffer.concat(parts);
}

function readPart(path: string, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return buffer.subarray(0, 0);
  }
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
  } finally {
    closeSync(descriptor);
  }
}

/** Length of the whole lines in `bytes`; of a piece that ends between two characters when one line fills it. */
function wholeLength(bytes: Buffer, maxBytes: number): number {
  const lines = bytes.lastIndexOf(0x0a) + 1;
  if (lines > 0 || bytes.length < maxBytes) return lines;
  let length = bytes.length;
  // UTF-8 continuation bytes are 10xxxxxx; the character they belong to may go on behind the piece.
  while (length > 1 && ((bytes[length - 1] ?? 0) & 0xc0) === 0x80) length -= 1;
  return ((bytes[length - 1] ?? 0) & 0x80) === 0 ? bytes.length : Math.max(1, length - 1);
}
