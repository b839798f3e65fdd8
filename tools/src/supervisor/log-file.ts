import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const rotateAboveBytes = 10 * 1024 * 1024;
const tailBytes = 8 * 1024;

/**
 * Opens a process's log for appending. One that has grown is kept once as `.1`; that happens only here, because a
 * running process holds the file itself and writes on after the supervisor is gone.
 */
export function openLog(folder: string, name: string): { path: string; descriptor: number; size: number } {
  const path = join(folder, `${name}.log`);
  if (existsSync(path) && statSync(path).size > rotateAboveBytes) renameSync(path, `${path}.1`);
  const descriptor = openSync(path, 'a', 0o600);
  return { path, descriptor, size: fstatSync(descriptor).size };
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
    const buffer = Buffer.alloc(Math.max(0, Math.min(size - from, tailBytes)));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(descriptor);
  }
}
