import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where every user may write beside its own folder. What a run leaves there would lie in memory or on disk for good. */
const SHARED_FOLDERS = ['/dev/shm', '/tmp', '/var/tmp'];
const BATCH = 500;

/** Removes what a run that has ended left behind outside its folder. */
export async function removeLeftFiles(uid: number): Promise<void> {
  for (const folder of SHARED_FOLDERS) {
    const left = await filesOf(uid, folder);
    for (let from = 0; from < left.length; from += BATCH) {
      const paths = left.slice(from, from + BATCH);
      // As the user itself: others may have been let in, and root would go wherever they lead it.
      await runAs(uid, '/bin/chmod', ['-R', 'u+rwX', '--', ...paths]);
      await runAs(uid, '/bin/rm', ['-rf', '--', ...paths]);
    }
  }
}

async function filesOf(uid: number, folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await opendir(folder).catch(() => []);
  for await (const { name } of entries) {
    const path = join(folder, name);
    const owner = await lstat(path).then(
      (stats) => stats.uid,
      () => null,
    );
    if (owner === uid) found.push(path);
  }
  return found;
}

/** What it can't do is left: nothing of the platform depends on it. */
async function runAs(uid: number, program: string, words: string[]): Promise<void> {
  const child = spawn(program, words, { uid, gid: uid, cwd: '/', env: {}, stdio: 'ignore' });
  await once(child, 'exit').catch(() => undefined);
}
