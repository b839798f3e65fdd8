import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';
import type { ProcessDefinition } from './managed-process.js';

const warmUp = join(workspace, 'tools/dist/supervisor/standby-process.js');

/**
 * The next process of a service that reloads, started ahead of its time: it has loaded the packages of others, which is
 * most of what a start takes and what no edit changes, and waits before the first line of our own code. It costs the
 * memory of a second process, so only what reloads has one.
 *
 *   warming (loads packages) -> waiting -> taken: told to go, from then on it is the service's process
 *
 * One that dies meanwhile is replaced by a new one when it is needed. When the supervisor dies, it ends by itself.
 */
export class Standby {
  private waiting: ChildProcess | undefined;

  constructor(private readonly definition: ProcessDefinition) {}

  /** Starts the next process, unless one waits already. */
  prepare(): void {
    if (this.waiting && isRunning(this.waiting)) return;
    this.waiting = this.spawn([`--import=${warmUp}`]);
    // One that could not be started is not running when it is needed.
    this.waiting.on('error', () => {});
    this.waiting.stdin?.on('error', () => {});
  }

  /** The service's process: the one that waits, which goes on as soon as it is warm, or else a fresh one. */
  take(): ChildProcess {
    const { waiting } = this;
    this.waiting = undefined;
    if (!waiting || !isRunning(waiting)) return this.spawn([]);
    waiting.stdin?.end('go');
    return waiting;
  }

  private spawn(flags: string[]): ChildProcess {
    const { program, arguments: words, environment, cwd } = this.definition;
    // The service's program stays among the arguments: by it a later supervisor knows the process again.
    return spawn(program, [...flags, ...words], {
      cwd: cwd ?? '/',
      env: environment,
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
    });
  }

  end(): void {
    this.waiting?.kill('SIGKILL');
    this.waiting = undefined;
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
