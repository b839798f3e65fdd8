import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from './home.js';
import { logPathOf, sizeOf, tailOf } from './log-file.js';
import { LogKeeper, type LogStream } from './log-keeper.js';
import type { PortSetting } from './platform-settings.js';
import { assertPortsFree, listensOn } from './ports.js';
import { recordStarted, removeRecord, stopLeftover, type Traceable } from './process-record.js';
import { watchReadiness } from './readiness-watch.js';
import type { SystemUser } from './server-user.js';
import { Standby } from './standby.js';

export interface ProcessDefinition extends Traceable {
  /** None for one that listens on a unix socket alone. */
  listens?: PortSetting;
  program: string;
  arguments: string[];
  environment: NodeJS.ProcessEnv;
  /** `/` when it needs none: nobody's folder is kept in use. */
  cwd?: string;
  user?: SystemUser | undefined;
  /** Somebody edits it: it writes to the supervisor's own output, and its next process waits already (see Standby). */
  reloads?: boolean;
  startTimeoutMs: number;
  /** Writes configuration before each start; the log is open for it to run programs into. */
  prepare?(): Promise<void> | void;
  /** Rejects until the process really serves, asked as its clients will ask. */
  probe(): Promise<void>;
  /** Between two questions to one that serves. */
  probePauseMs?: number;
}

export type ProcessState =
  | 'stopped'
  | 'starting'
  | 'ready'
  | 'waiting to restart'
  | 'stopping'
  /** It was lent to `nx serve`. */
  | 'served elsewhere';

export interface ProcessListener {
  onReady?(process: ManagedProcess, milliseconds: number): void;
  /** It ended without being told to, or could not be started again; `tail` is the end of what it wrote, if anything. */
  onDeath?(process: ManagedProcess, message: string, tail: string): void;
  /** It runs, but does not serve any more. It is left alone: nobody knows whether it works on something. */
  onSilence?(process: ManagedProcess, reason: string): void;
  onAnswer?(process: ManagedProcess, silentMs: number): void;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** One that ran this long is no longer in a loop of crashes. */
const stableAfterMs = 60_000;
const probePauseMs = 25;
const tailLines = 15;

/** It ended, or its time was over, before it served; `tail` is the end of what it wrote meanwhile. */
class NotServingError extends Error {
  constructor(
    message: string,
    readonly tail: string,
  ) {
    super(message);
    this.name = 'NotServingError';
  }
}

/**
 * One server or service: started, probed until it serves, watched, restarted with growing pauses, ended gracefully.
 * It runs in a session of its own, so Ctrl-C in the terminal reaches the supervisor alone, which then decides the order.
 * It outlives a supervisor that is killed, and its log is written on (see LogKeeper); the next one finds its record.
 */
export class ManagedProcess {
  state: ProcessState = 'stopped';
  pid: number | undefined;
  restarts = 0;
  /** Since when, by the clock of `performance`, it has not served though it runs. */
  silentSince: number | undefined;
  logPath = '';
  /** Where in its log the running process began to write. */
  private logStart = 0;
  private child: ChildProcess | undefined;
  private ended: Promise<string> = Promise.resolve('');
  private starting: Promise<void> = Promise.resolve();
  private pauseMs = firstPauseMs;
  private cancel = new AbortController();
  private readonly standby: Standby | undefined;

  constructor(
    readonly definition: ProcessDefinition,
    private readonly home: Home,
    private readonly listener: ProcessListener = {},
  ) {
    if (definition.reloads) this.standby = new Standby(definition);
  }

  get name(): string {
    return this.definition.name;
  }

  /** Resolves when it serves. Rejects, with nothing left running, when the port is taken or it ends or hangs before that. */
  async start(): Promise<void> {
    this.cancel = new AbortController();
    try {
      await this.attempt(this.cancel.signal);
    } catch (error) {
      await this.stop();
      throw error instanceof NotServingError ? new Error(this.describe(error)) : error;
    }
    void this.watch(this.cancel.signal);
  }

  /** One start, the first or a later one: never beside one of its own that still runs, nor beside a stranger on its port. */
  private attempt(cancelled: AbortSignal): Promise<void> {
    const { definition, home } = this;
    this.state = 'starting';
    const attempt = (async () => {
      await stopLeftover(home.run, definition);
      await assertPortsFree([definition]);
      await this.launch(cancelled);
    })();
    this.starting = attempt.catch(() => {});
    return attempt;
  }

  /** Ends it gracefully and starts it anew, without that counting as a crash. */
  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }

  /** From now on it stays ended when it ends. */
  startNoMore(): void {
    this.cancel.abort();
  }

  /** Asks it to end, waits, and kills it only after its deadline. Safe in every state. */
  async stop(): Promise<void> {
    this.standby?.end();
    await this.end();
  }

  private async end(): Promise<void> {
    this.cancel.abort();
    await this.endChild();
    // What prepares a start cannot be interrupted; it ends by itself and then sees that it is not wanted.
    await this.starting;
    this.state = 'stopped';
    this.pid = undefined;
    removeRecord(this.home.run, this.name);
  }

  private async endChild(): Promise<void> {
    const { child, definition } = this;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    this.state = 'stopping';
    // Told twice, some end at once instead of gracefully.
    if (!child.killed) child.kill(definition.stopSignal);
    const deadline = setTimeout(() => killGroup(child), definition.stopTimeoutMs);
    await this.ended;
    clearTimeout(deadline);
  }

  private async launch(cancelled: AbortSignal): Promise<void> {
    const { definition } = this;
    const startedAt = performance.now();
    await definition.prepare?.();
    const log = this.standby ? undefined : await this.openLog();
    // Nothing is waited for between this and the start, or a stop in between would find nothing to end.
    if (cancelled.aborted) {
      log?.output.destroy();
      await log?.finish();
      throw new Error(`${definition.name} was stopped while starting.`);
    }
    const child = this.spawn(log);
    try {
      this.pid = child.pid;
      recordStarted(this.home.run, child.pid, definition);
      await this.served(child, startedAt + definition.startTimeoutMs);
    } catch (error) {
      // It would hold the port against the next attempt; one without a record nobody would ever find.
      await this.endChild();
      throw error;
    }
    this.state = 'ready';
    this.standby?.prepare();
    this.listener.onReady?.(this, performance.now() - startedAt);
  }

  /** Resolves when the process serves, and nobody else in its place. */
  private async served(child: ChildProcess, deadline: number): Promise<void> {
    const { definition } = this;
    const { name, listens, startTimeoutMs } = definition;
    let deathMessage: string | undefined;
    void this.ended.then((message) => (deathMessage = message));
    for (;;) {
      if (deathMessage !== undefined) throw new NotServingError(`${name} ${deathMessage}`, this.tail());
      try {
        await definition.probe();
        if (!listens || (child.pid && listensOn(child.pid, listens.port))) return;
        throw new Error(`another program answers on port ${listens.port}`);
      } catch (error) {
        if (performance.now() > deadline) {
          const reason = `was not ready after ${startTimeoutMs} ms (${(error as Error).message})`;
          throw new NotServingError(`${name} ${reason}`, this.tail());
        }
      }
      await sleep(probePauseMs);
    }
  }

  private async openLog(): Promise<LogStream> {
    this.logPath = logPathOf(this.home.logs, this.name);
    const log = await LogKeeper.of(this.home).open(this.logPath);
    this.logStart = sizeOf(this.logPath);
    return log;
  }

  private spawn(log: LogStream | undefined): ChildProcess {
    const child = this.standby?.take() ?? this.spawnInto(log?.output);
    log?.output.destroy();
    this.child = child;
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal ? `was killed by ${signal}` : `ended with code ${code}`),
      );
    });
    // Its last words are the reason, so they are waited for.
    this.ended = ended.then(async (message) => {
      await log?.finish();
      return message;
    });
    return child;
  }

  private spawnInto(output: Socket | undefined): ChildProcess {
    const { program, arguments: words, cwd, environment, user } = this.definition;
    return spawn(program, words, {
      cwd: cwd ?? '/',
      env: environment,
      stdio: ['ignore', output, output],
      detached: true,
      ...(user && { uid: user.uid, gid: user.gid }),
    });
  }

  /** Restarts it for as long as it is not told to stop. */
  private async watch(cancelled: AbortSignal): Promise<void> {
    for (;;) {
      const readyAt = performance.now();
      const serving = new AbortController();
      void this.watchSilence(serving.signal);
      const message = await this.ended;
      serving.abort();
      this.silentSince = undefined;
      if (cancelled.aborted) return;
      if (performance.now() - readyAt > stableAfterMs) this.pauseMs = firstPauseMs;
      this.pid = undefined;
      this.listener.onDeath?.(this, `${this.name} ${message}`, this.tail());
      while (!(await this.relaunch(cancelled))) if (cancelled.aborted) return;
    }
  }

  private watchSilence(signal: AbortSignal): Promise<void> {
    const { definition, listener } = this;
    return watchReadiness({
      probe: () => definition.probe(),
      pauseMs: definition.probePauseMs,
      signal,
      onLost: (since, reason) => {
        // Before it ends it says itself that it is not ready.
        if (this.state !== 'ready') return;
        this.silentSince = since;
        listener.onSilence?.(this, reason);
      },
      onFound: () => {
        if (this.silentSince === undefined) return;
        listener.onAnswer?.(this, performance.now() - this.silentSince);
        this.silentSince = undefined;
      },
    });
  }

  private async relaunch(cancelled: AbortSignal): Promise<boolean> {
    this.state = 'waiting to restart';
    await sleep(this.pauseMs, undefined, { signal: cancelled }).catch(() => {});
    if (cancelled.aborted) return false;
    this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
    try {
      this.restarts += 1;
      await this.attempt(cancelled);
      return true;
    } catch (error) {
      const tail = error instanceof NotServingError ? error.tail : '';
      if (!cancelled.aborted) this.listener.onDeath?.(this, (error as Error).message, tail);
      return false;
    }
  }

  /** The end of what the running process, or the one that ran last, has written. */
  private tail(): string {
    return tailOf(this.logPath, tailLines, this.logStart);
  }

  private describe({ message, tail }: NotServingError): string {
    // Without a log it has told the reason in the terminal already.
    return tail ? `${message}. The end of ${this.logPath}:\n${tail}` : `${message}.`;
  }
}

/** The whole group: a program that started helpers takes them along. */
function killGroup(child: ChildProcess): void {
  if (!child.pid) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended on its own in the meantime.
  }
}
