/** What the five services cost when nobody asks them for anything, with the demo app running. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames } from '@capsule/contracts';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, median, type Row } from './row.js';

/** Together a minute of rest. One window may meet a checkpoint or a garbage collection; the median is the usual rest. */
const WINDOWS = 3;
const WINDOW_SECONDS = 20;
const MEGABYTE = 1_000_000;

export async function measureFootprint(running: PrivatePlatform): Promise<Row[]> {
  const pids = servicePids(running);
  const resident: number[] = [];
  const percentOfCore: number[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    const before = cpuSeconds(pids);
    await sleep(WINDOW_SECONDS * 1000);
    percentOfCore.push((100 * (cpuSeconds(pids) - before)) / WINDOW_SECONDS);
    resident.push(pids.reduce((sum, pid) => sum + residentBytes(pid), 0) / MEGABYTE);
  }
  const rest = `median of ${WINDOWS} × ${WINDOW_SECONDS} s`;
  return [
    atMost('five services together, resident', median(resident), 'MB', 700),
    atMost(`five services together at rest, ${rest}, of one core`, median(percentOfCore), '%', 2),
  ];
}

function servicePids({ platform }: PrivatePlatform): number[] {
  const services = platform.processes.filter((each) => appNames.some((app) => app === each.name));
  return services.map((each) => {
    if (each.pid === undefined) throw new Error(`${each.name} does not run`);
    return each.pid;
  });
}

const CLOCK_TICKS = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout.trim());

/** User and system time, fields 14 and 15 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold blanks. */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  }, 0);
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
