/**
 * Linux control groups, one per run: they hold the memory limit, keep every descendant countable and killable however
 * often it forks, and count processor time of children that are gone already.
 *
 * Version 2 is taken where it has the memory controller, version 1 otherwise (hybrid systems). Groups lie at
 * `capsule/<installation>/<run>` below the mount; runners sit in a group of their own so that they are neither limited
 * with the app nor ended with the service's.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RUNNERS = 'runners';
const TASKS_MAX = 512;
const CONTROLLERS_V1 = ['memory', 'cpuacct', 'pids'] as const;
type Controller = (typeof CONTROLLERS_V1)[number];

export class ControlGroups {
  private constructor(
    private readonly version: 1 | 2,
    /** Folder of this installation in the hierarchy of each controller; version 2 has a single hierarchy. */
    private readonly folders: ReadonlyMap<Controller, string>,
  ) {}

  /** @returns null where control groups are missing or not ours to write */
  static open(installation: string): ControlGroups | null {
    if (process.platform !== 'linux') return null;
    try {
      const mounts = readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' '));
      const unified = mounts.find(
        ([, path, type]) =>
          type === 'cgroup2' && path && readFileSync(`${path}/cgroup.controllers`, 'utf8').includes('memory'),
      )?.[1];
      return unified ? this.openUnified(unified, installation) : this.openSeparate(mounts, installation);
    } catch {
      return null;
    }
  }

  private static openUnified(mount: string, installation: string): ControlGroups {
    const parent = join(mount, 'capsule');
    const folder = join(parent, installation);
    mkdirSync(folder, { recursive: true });
    for (const level of [mount, parent, folder]) {
      writeFileSync(join(level, 'cgroup.subtree_control'), '+memory +pids');
    }
    return new ControlGroups(2, new Map(CONTROLLERS_V1.map((controller) => [controller, folder])));
  }

  private static openSeparate(mounts: string[][], installation: string): ControlGroups {
    const folders = new Map<Controller, string>();
    for (const controller of CONTROLLERS_V1) {
      const mount = mounts.find(
        ([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller),
      )?.[1];
      if (!mount) continue;
      const folder = join(mount, 'capsule', installation);
      mkdirSync(folder, { recursive: true });
      folders.set(controller, folder);
    }
    if (!folders.has('memory')) throw new Error('no memory controller');
    return new ControlGroups(1, folders);
  }

  create(run: string, memoryLimitBytes: number): void {
    for (const folder of this.roots()) {
      for (const group of [run, RUNNERS]) mkdirSync(join(folder, group), { recursive: true });
    }
    if (this.version === 2) {
      this.write('memory', run, 'memory.max', memoryLimitBytes);
      this.write('memory', run, 'memory.oom.group', 1);
      this.writeIfThere('memory', run, 'memory.swap.max', 0);
    } else {
      this.write('memory', run, 'memory.limit_in_bytes', memoryLimitBytes);
      // Memory plus swap; absent where the kernel doesn't account swap.
      this.writeIfThere('memory', run, 'memory.memsw.limit_in_bytes', memoryLimitBytes);
    }
    this.writeIfThere('pids', run, 'pids.max', TASKS_MAX);
  }

  joinFiles(run: string): string[] {
    return this.roots().map((folder) => join(folder, run, 'cgroup.procs'));
  }

  leaveFiles(): string[] {
    return this.roots().map((folder) => join(folder, RUNNERS, 'cgroup.procs'));
  }

  members(run: string): number[] {
    return (this.read('memory', run, 'cgroup.procs') ?? '').split('\n').filter(Boolean).map(Number);
  }

  /** @returns null where no controller counts it */
  cpuSeconds(run: string): number | null {
    if (this.version === 2) {
      const microseconds = /^usage_usec (\d+)/m.exec(this.read('cpuacct', run, 'cpu.stat') ?? '')?.[1];
      return microseconds === undefined ? null : Number(microseconds) / 1e6;
    }
    const nanoseconds = this.read('cpuacct', run, 'cpuacct.usage');
    return nanoseconds === null ? null : Number(nanoseconds) / 1e9;
  }

  /** Whether the kernel killed something of the run for want of memory. */
  memoryExceeded(run: string): boolean {
    const file = this.version === 2 ? 'memory.events' : 'memory.oom_control';
    return Number(/^oom_kill (\d+)/m.exec(this.read('memory', run, file) ?? '')?.[1] ?? 0) > 0;
  }

  /** From here on nothing in the run forks: who kills its members can't be outrun. */
  forbidForks(run: string): void {
    this.writeIfThere('pids', run, 'pids.max', 0);
  }

  /** @returns whether the group is gone; the kernel may need a moment after its last member has ended */
  remove(run: string): boolean {
    return this.roots().every((folder) => removeFolder(join(folder, run)));
  }

  /** Removes the groups of the whole installation, which must hold no run any more. */
  close(): void {
    for (const folder of this.roots()) {
      removeFolder(join(folder, RUNNERS));
      removeFolder(folder);
    }
  }

  private roots(): string[] {
    return [...new Set(this.folders.values())];
  }

  private read(controller: Controller, run: string, file: string): string | null {
    const folder = this.folders.get(controller);
    if (!folder) return null;
    try {
      return readFileSync(join(folder, run, file), 'utf8');
    } catch {
      return null;
    }
  }

  private write(controller: Controller, run: string, file: string, value: number): void {
    writeFileSync(join(this.folders.get(controller) ?? '', run, file), String(value));
  }

  private writeIfThere(controller: Controller, run: string, file: string, value: number): void {
    const folder = this.folders.get(controller);
    if (folder && existsSync(join(folder, run, file))) this.write(controller, run, file, value);
  }
}

function removeFolder(path: string): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return false;
    if (code !== 'ENOENT') throw error;
  }
  return true;
}
