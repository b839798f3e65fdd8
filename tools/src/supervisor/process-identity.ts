import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/**
 * What tells one process from any other that ever had or will have its number: pids are reused, and after a crash
 * of the supervisor the number in an old file may belong to somebody else's program.
 */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: when the kernel started it. Compared for equality only. */
  startedAt: string;
}

/** The identity of a living process, undefined when there is none with that pid. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStartTime(pid) : psColumn(pid, 'lstart=');
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

/** True when `argument` stands in the command line of the process. */
export function hasArgument(pid: number, argument: string): boolean {
  if (process.platform !== 'linux') return psColumn(pid, 'args=')?.includes(argument) ?? false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
  } catch {
    return false;
  }
}

function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name in parentheses may hold blanks; fields are counted from behind it: state is field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended already; only its parent has not looked yet.
    if (fields[0] === 'Z') return undefined;
    return `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

let cachedBootId: string | undefined;

/** Start times count from the boot, so two boots could show the same number. */
function bootId(): string {
  cachedBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return cachedBootId;
}

function psColumn(pid: number, column: string): string | undefined {
  const result = spawnSync('ps', ['-ww', '-o', column, '-p', String(pid)], { encoding: 'utf8' });
  const text = result.stdout?.trim();
  return result.status === 0 && text ? text : undefined;
}
