import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasArgument, identityOf, isAlive, type ProcessIdentity } from './process-identity.js';

/**
 * A record per started process lies in the home, so that a supervisor that comes after a `kill -9` finds the servers
 * its predecessor left running. They are stopped, not adopted: a process that is not our child ends unnoticed.
 * A record alone proves nothing. It is believed only when the process has the start time written there AND the marker
 * (its data folder or configuration file) in its command line.
 */
export interface ProcessRecord extends ProcessIdentity {
  name: string;
  marker: string;
}

export function writeRecord(folder: string, record: ProcessRecord): void {
  const path = recordPath(folder, record.name);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(folder: string, name: string): void {
  rmSync(recordPath(folder, name), { force: true });
}

export interface Leftover {
  folder: string;
  name: string;
  marker: string;
  /** Written by the server itself: finds it even when the supervisor died between starting it and recording it. */
  pidFile?: string;
  stopSignal: NodeJS.Signals;
  stopTimeoutMs: number;
}

/** Ends what an earlier supervisor left running under this name. Returns its pid, undefined when there was nothing. */
export async function stopLeftover(leftover: Leftover): Promise<number | undefined> {
  const found = recorded(leftover) ?? selfReported(leftover);
  removeRecord(leftover.folder, leftover.name);
  if (!found) return undefined;
  process.kill(found.pid, leftover.stopSignal);
  if (!(await hasEnded(found, leftover.stopTimeoutMs))) {
    process.kill(found.pid, 'SIGKILL');
    await hasEnded(found, leftover.stopTimeoutMs);
  }
  return found.pid;
}

async function hasEnded(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function recorded({ folder, name, marker }: Leftover): ProcessIdentity | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(folder, name), 'utf8')) as ProcessRecord;
    return record.marker === marker && isAlive(record) && hasArgument(record.pid, marker)
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}

function selfReported({ pidFile, marker }: Leftover): ProcessIdentity | undefined {
  if (!pidFile) return undefined;
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    const identity = pid > 1 ? identityOf(pid) : undefined;
    if (identity && hasArgument(pid, marker)) return identity;
    // The number is a stranger's by now; PostgreSQL would take it for a running postmaster and refuse to start.
    if (identity) rmSync(pidFile);
    return undefined;
  } catch {
    return undefined;
  }
}

function recordPath(folder: string, name: string): string {
  return join(folder, `${name}.json`);
}
