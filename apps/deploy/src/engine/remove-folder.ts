import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Removes a folder with what strangers left in it. By a program of its own: fs.rm takes a kilobyte of this process for
 * every file of a folder, of which an app may have made millions, and can't remove paths longer than a call takes.
 */
export async function removeFolder(path: string): Promise<void> {
  if (existsSync(path)) await promisify(execFile)('rm', ['-rf', '--', path]);
}
