import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const rotateAboveBytes = 10 * 1024 * 1024;
const tailBytes = 8 * 1024;

export function logPathOf(folder: string, name: string): string {
  return join(folder, `${name}.log`);
}

/** Bytes of a log; none when there is no such file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Opens a supervisor's own log for appending. It tells of little, so one that has grown is kept as `.1` here alone. */
export function openLog(folder: string, name: string): { path: string; descriptor: number } {
  const path = logPathOf(folder, name);
  if (sizeOf(path) > rotateAboveBytes) renameSync(path, `${path}.1`);
  return { path, descriptor: openSync(path, 'a', 0o600) };
}

/** The last lines of a log from an offset on, for the message about the process that wrote them. */
export function tailOf(path: string, lines: number, from = 0): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(descriptor).size;
    // Shorter than it was: rotated meanwhile.
    const start = from > size ? 0 : from;
    const buffer = Buffer.alloc(Math.min(size - start, tailBytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(descriptor);
  }
}
