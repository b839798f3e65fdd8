import { readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import type { ManagedProcess } from './managed-process.js';

export interface ProcessStatus {
  name: string;
  /** How it is, in words. */
  state: string;
  port: number | undefined;
  pid: number | undefined;
  memoryBytes: number | undefined;
  restarts: number;
  log: string;
}

export function statusOf(processes: readonly ManagedProcess[]): ProcessStatus[] {
  const children = childrenByParent();
  return processes.map((each) => ({
    name: each.name,
    state: stateOf(each),
    port: each.definition.listens?.port,
    pid: each.pid,
    memoryBytes: each.pid === undefined ? undefined : memoryOf(each.pid, children),
    restarts: each.restarts,
    log: each.logPath,
  }));
}

function stateOf({ state, silentSince }: ManagedProcess): string {
  if (silentSince === undefined) return state;
  return `not serving for ${Math.round((performance.now() - silentSince) / 1_000)} s`;
}

export function renderStatus(rows: readonly ProcessStatus[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.state,
    row.port === undefined ? '-' : String(row.port),
    row.pid === undefined ? '-' : String(row.pid),
    row.memoryBytes === undefined ? '-' : `${Math.round(row.memoryBytes / 1_000_000)} MB`,
    String(row.restarts),
    row.log,
  ]);
  const table = [['NAME', 'STATE', 'PORT', 'PID', 'MEMORY', 'RESTARTS', 'LOG'], ...cells];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n');
}

/**
 * Bytes a process and its descendants hold. On Linux the proportional set, so that the buffers PostgreSQL's processes
 * share are counted once; elsewhere the resident set.
 */
function memoryOf(pid: number, children: Map<number, number[]>): number {
  const descendants = (children.get(pid) ?? []).map((child) => memoryOf(child, children));
  return descendants.reduce((sum, bytes) => sum + bytes, ownMemoryOf(pid));
}

function ownMemoryOf(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  } catch {
    const output = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
    return Number(output?.trim() || 0) * 1024;
  }
}

export function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of process.platform === 'linux' ? linuxParents() : psParents()) {
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

function linuxParents(): [number, number][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
      } catch {
        return [];
      }
    });
}

function psParents(): [number, number][] {
  const output = spawnSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).stdout ?? '';
  return output
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
}
