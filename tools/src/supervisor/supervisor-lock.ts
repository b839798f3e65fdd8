import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from './home.js';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.js';

/** Another supervisor works on this home already. */
export class AlreadyRunningError extends Error {
  constructor(
    readonly pid: number,
    home: string,
  ) {
    super(`Capsule is already running on ${home} (process ${pid}).`);
    this.name = 'AlreadyRunningError';
  }
}

/**
 * Makes this process the only supervisor of the home, until it ends: a lock whose holder is dead counts as none.
 * @throws AlreadyRunningError when the holder lives.
 */
export function claimHome(home: Home): void {
  const path = join(home.run, 'supervisor.lock');
  const own = JSON.stringify(identityOf(process.pid));
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, own, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears at once with its content; a file created and then written could be read half.
        linkSync(fresh, path);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      takeAwayStale(path, home.path);
    }
  } finally {
    rmSync(fresh);
  }
}

export function releaseHome(home: Home): void {
  rmSync(join(home.run, 'supervisor.lock'), { force: true });
}

/** The living supervisor of the home, if any. */
export function supervisorOf(home: Home): ProcessIdentity | undefined {
  const holder = read(join(home.run, 'supervisor.lock'));
  return holder && isAlive(holder) ? holder : undefined;
}

function takeAwayStale(path: string, home: string): void {
  const holder = read(path);
  if (holder && isAlive(holder)) throw new AlreadyRunningError(holder.pid, home);
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  // Two may find the same stale lock; the slower one would carry off the faster one's new lock, so it is put back.
  const taken = read(aside);
  if (taken && isAlive(taken)) {
    renameSync(aside, path);
    throw new AlreadyRunningError(taken.pid, home);
  }
  rmSync(aside);
}

function read(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
