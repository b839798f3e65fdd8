import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasArgument, identityOf, isAlive, type ProcessIdentity } from './process-identity.js';

/** What it takes to know a process again and to end it. */
export interface Traceable {
  name: string;
  /** An argument no other process has: its data folder or configuration file. */
  marker: string;
  /** Written by the server itself: finds it even when the supervisor died between starting it and recording it. */
  pidFile?: string;
  stopSignal: NodeJS.Signals;
  stopTimeoutMs: number;
}

/**
 * A record per started process lies in the home, so that a supervisor that comes after a `kill -9` finds the servers
 * its predecessor left running. They are stopped, not adopted: a process that is not our child ends unnoticed.
 * A record alone proves nothing. It is believed only when the process has the start time written there AND the marker
 * in its command line.
 */
export type ProcessRecord = ProcessIdentity & Traceable;

/** Records a process that was just started, unless it could not be. */
export function recordStarted(folder: string, pid: number | undefined, traceable: Traceable): void {
  const { name, marker, stopSignal, stopTimeoutMs } = traceable;
  const identity = pid === undefined ? undefined : identityOf(pid);
  if (identity) writeRecord(folder, { ...identity, name, marker, stopSignal, stopTimeoutMs });
}

export function writeRecord(folder: string, record: ProcessRecord): void {
  const path = recordPath(folder, record.name);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(folder: string, name: string): void {
  rmSync(recordPath(folder, name), { force: true });
}

/** The recorded processes that really still run. */
export function livingRecords(folder: string): ProcessRecord[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readRecord(join(folder, file)))
    .filter((record) => record !== undefined);
}

/** Ends what an earlier supervisor left running under this name, if anything. */
export async function stopLeftover(folder: string, process: Traceable): Promise<void> {
  const record = readRecord(recordPath(folder, process.name));
  const found = record?.marker === process.marker ? record : selfReported(process);
  if (found) await endProcess(found, process);
  removeRecord(folder, process.name);
}

/** Asks the process to end and kills it when its time is over. Resolves when it is gone. */
export async function endProcess(
  identity: ProcessIdentity,
  { stopSignal, stopTimeoutMs }: Traceable,
): Promise<void> {
  process.kill(identity.pid, stopSignal);
  if (await hasEnded(identity, stopTimeoutMs)) return;
  process.kill(identity.pid, 'SIGKILL');
  await hasEnded(identity, stopTimeoutMs);
}

async function hasEnded(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord;
    return isAlive(record) && hasArgument(record.pid, record.marker) ? record : undefined;
  } catch {
    return undefined;
  }
}

function selfReported({ pidFile, marker }: Traceable): ProcessIdentity | undefined {
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
