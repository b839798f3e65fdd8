/**
 * A run: one program of an organization (an instance of its app, a build, a git fetch) with everything it starts, in
 * a folder of its own.
 *
 *   prepared ──start──► running ──► ended
 *
 * What it is follows from files alone, so any later life of the service reads the same:
 *  - `run.json` says which user it has, written before the user owns anything, and once it starts how much memory.
 *  - no `runner.json`: never started. The runner creates it exclusively, so a run is started at most once.
 *  - `exit.json`: ended, and how. The runner of an instance may live on and hold its port.
 *  - `runner.json` whose runner no longer lives (pid, start time and boot compared) but no `exit.json`: the runner was
 *    killed or the machine restarted; it has ended with an unknown code. What is left of it is ended before anyone is told.
 *
 * A crash of the service changes none of this: the runner leads a session of its own and needs the service for nothing.
 * `end` resolves when no process is left: members of the control group, processes of the run's own user, and where
 * there is neither, the program's session and what carries the run's marker in its environment.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ControlGroups } from './control-groups.js';
import type { InstanceAddress } from './engine.js';
import { readRecord, writeRecord } from './record-file.js';
import type { RunUsers } from './run-users.js';
import { bootId, isAlive, ProcessTable, usageOf } from './runner/process-table.mjs';
import type { RunExit, RunnerState, RunOrder } from './runner/runner.mjs';

const RUNNER = fileURLToPath(new URL('./runner/runner.mjs', import.meta.url));
const POLL_MS = 40;
const KILL_TIMEOUT_MS = 10_000;
/** An empty group that is left over harms nothing. */
const GROUP_REMOVAL_MS = 2_000;
const MARKER = 'CAPSULE_RUN_ID';

export interface RunContext {
  groups: ControlGroups | null;
  users: RunUsers;
  logBytesMax: number;
  /** Faster output makes the program wait. */
  logBytesPerSecond: number;
}

export interface Program {
  argv: string[];
  env: Record<string, string>;
  memoryLimitBytes: number;
  logFolder: string;
  /** Where it takes requests, if it does. */
  address?: InstanceAddress;
}

export type RunStatus = { state: 'prepared' } | { state: 'running' } | { state: 'ended'; exit: EndOfRun };

export interface EndOfRun extends RunExit {
  memoryExceeded: boolean;
  /** What it did, for people, when the engine ended it for that. */
  endedFor: string | null;
}

interface RunRecord {
  uid: number | null;
  /** Absent until it is started. */
  memoryLimitBytes?: number;
}

export class Run {
  readonly id: string;
  /** What the program may write: its files, home and temporary files. */
  readonly filesFolder: string;

  private constructor(
    private readonly folder: string,
    private readonly record: RunRecord,
    private readonly context: RunContext,
  ) {
    this.id = `${basename(dirname(folder))}-${basename(folder)}`;
    this.filesFolder = join(folder, 'files');
  }

  static async prepare(folder: string, uid: number | null, context: RunContext): Promise<Run> {
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const record: RunRecord = { uid };
    writeRecord(join(folder, 'run.json'), record);
    await mkdir(join(folder, 'files'), { recursive: true, mode: 0o700 });
    return new Run(folder, record, context);
  }

  /** @returns null when no run was prepared in the folder */
  static find(folder: string, context: RunContext): Run | null {
    const record = readRecord<RunRecord>(join(folder, 'run.json'));
    return record && new Run(folder, record, context);
  }

  get uid(): number | null {
    return this.record.uid;
  }

  /** Resolves when the program was started, or could not be (its status tells). A second start changes nothing. */
  async start(program: Program, onEnd: () => void = () => {}): Promise<void> {
    const { groups, users, logBytesMax, logBytesPerSecond } = this.context;
    this.record.memoryLimitBytes = program.memoryLimitBytes;
    writeRecord(join(this.folder, 'run.json'), this.record);
    groups?.create(this.id, program.memoryLimitBytes);
    const { argv, uid } = users.become(this.uid, program.argv);
    const order: RunOrder = {
      folder: this.folder,
      argv,
      uid,
      workingFolder: join(this.filesFolder, 'app'),
      env: { ...program.env, [MARKER]: this.id },
      instancePort: program.address ? { ...program.address, uid: this.uid, appUsers: users.range } : null,
      joinFiles: groups?.joinFiles(this.id) ?? [],
      leaveFiles: groups?.leaveFiles() ?? [],
      log: { folder: program.logFolder, maxBytes: logBytesMax, bytesPerSecond: logBytesPerSecond },
    };
    const faults = openSync(join(this.folder, 'runner.log'), 'a', 0o600);
    const runner = spawn(process.execPath, ['--max-semi-space-size=1', RUNNER, this.id], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'pipe', faults],
    }) as ChildProcessByStdio<Writable, Readable, null>;
    closeSync(faults);
    runner.stdin.on('error', () => {});
    runner.stdin.end(JSON.stringify(order));
    runner.stdout.once('end', onEnd);
    await Promise.race([once(runner.stdout, 'data'), once(runner, 'exit')]);
    (runner.stdout as Socket).unref();
    runner.unref();
  }

  status(): RunStatus {
    const state = this.runnerState();
    if (!state) return { state: 'prepared' };
    const exit = this.exit();
    if (exit) return { state: 'ended', exit: { ...exit, ...this.whyEnded() } };
    if (state.bootId === bootId() && isAlive(state.runner)) return { state: 'running' };
    // The runner may have written its last word between the two looks.
    const late = this.exit() ?? {
      code: null,
      signal: null,
      notFound: false,
      endedAt: new Date().toISOString(),
    };
    return { state: 'ended', exit: { ...late, ...this.whyEnded() } };
  }

  /** Resolves when the program has ended. Polls, because the runner may be another life's child. */
  async ended(signal: AbortSignal): Promise<EndOfRun> {
    for (;;) {
      signal.throwIfAborted();
      const status = this.status();
      if (status.state === 'ended') return status.exit;
      await delay(100);
    }
  }

  /** Where there is no control group to hold the limit, somebody has to look. */
  exceedsMemory(table: ProcessTable): boolean {
    const { memoryLimitBytes = Infinity } = this.record;
    return this.status().state === 'running' && this.usage(table).memoryBytes > memoryLimitBytes;
  }

  /** Notes why the watchdog is about to end it. */
  markMemoryExceeded(): void {
    writeFileSync(join(this.folder, 'memory-exceeded'), '');
  }

  /** Notes what it is about to be ended for. */
  markEndedFor(deed: string): void {
    writeFileSync(join(this.folder, 'ended-for'), deed);
  }

  /**
   * Asks the program to end, and after `graceSeconds` ends whatever is left by force.
   * @throws Error when something survives SIGKILL (stuck in the kernel)
   */
  async end(graceSeconds: number): Promise<void> {
    const state = await this.settledState();
    if (state?.program && state.bootId === bootId() && isAlive(state.program)) {
      sendSignal(-state.program.pid, 'SIGTERM');
      const deadline = Date.now() + graceSeconds * 1000;
      while (Date.now() < deadline && this.members().length > 0) await delay(POLL_MS);
    }
    await this.kill();
    if (state?.bootId === bootId()) {
      // It still writes the last lines; one that hangs is not waited for. When it has, it holds the port at most.
      const deadline = Date.now() + 2_000;
      while (Date.now() < deadline && isAlive(state.runner) && !this.exit()) await delay(POLL_MS);
      if (isAlive(state.runner)) sendSignal(state.runner.pid, 'SIGKILL');
      while (Date.now() < deadline && isAlive(state.runner)) await delay(POLL_MS);
    }
    const deadline = Date.now() + GROUP_REMOVAL_MS;
    while (this.context.groups?.remove(this.id) === false && Date.now() < deadline) await delay(POLL_MS);
  }

  /** Ends by force what outlived the program. */
  async kill(): Promise<void> {
    const deadline = Date.now() + KILL_TIMEOUT_MS;
    this.context.groups?.forbidForks(this.id);
    for (;;) {
      const members = this.members();
      if (members.length === 0) return;
      if (Date.now() > deadline)
        throw new Error(`processes ${members.join(', ')} of run ${this.id} cannot be ended`);
      for (const pid of members) sendSignal(pid, 'SIGKILL');
      await delay(POLL_MS);
    }
  }

  /** @param table to be shared by who asks about many runs at the same moment */
  usage(table = new ProcessTable()): { cpuSeconds: number; memoryBytes: number } {
    const { groups } = this.context;
    const usage = usageOf(groups ? groups.members(this.id) : this.members(table));
    return { ...usage, cpuSeconds: groups?.cpuSeconds(this.id) ?? usage.cpuSeconds };
  }

  /** A runner that was just started has not written down its program yet; nothing may be born behind our back. */
  private async settledState(): Promise<RunnerState | null> {
    const deadline = Date.now() + 2_000;
    for (;;) {
      const state = this.runnerState();
      if (!state || state.program || state.bootId !== bootId() || !isAlive(state.runner)) return state;
      if (Date.now() > deadline) sendSignal(state.runner.pid, 'SIGKILL');
      await delay(POLL_MS);
    }
  }

  private members(table = new ProcessTable()): number[] {
    const members = new Set(this.context.groups?.members(this.id));
    const others = this.uid === null ? this.sessionMembers(table) : table.ofUser(this.uid);
    for (const pid of others) members.add(pid);
    return [...members];
  }

  private sessionMembers(table: ProcessTable): number[] {
    const state = this.runnerState();
    if (!state || state.bootId !== bootId()) return [];
    return table.ofSession({ leader: state.program, marker: `${MARKER}=${this.id}` });
  }

  private whyEnded(): Pick<EndOfRun, 'memoryExceeded' | 'endedFor'> {
    const [memory, deed] = [join(this.folder, 'memory-exceeded'), join(this.folder, 'ended-for')];
    return {
      memoryExceeded: existsSync(memory) || !!this.context.groups?.memoryExceeded(this.id),
      endedFor: existsSync(deed) ? readFileSync(deed, 'utf8') : null,
    };
  }

  private runnerState(): RunnerState | null {
    return readRecord<RunnerState>(join(this.folder, 'runner.json'));
  }

  private exit(): RunExit | null {
    return readRecord<RunExit>(join(this.folder, 'exit.json'));
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in this moment.
  }
}
