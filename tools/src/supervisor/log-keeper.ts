import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';
import type { Home } from './home.js';

const program = join(workspace, 'tools/dist/supervisor/log-keeper-process.js');
/** Somebody whom the process started may hold its output open for longer than it lived. */
const lastWordsMs = 500;

/** What one process prints, on its way into its log. */
export interface LogStream {
  /** For the process to write to; closed here once it was handed over. */
  output: Socket;
  /** Call it when the process has ended; resolves when its last words are in the log. */
  finish(): Promise<void>;
}

interface Kept {
  id: number;
  path: string;
  input: Socket;
  closed(): void;
}

/**
 * Bounds the logs of running processes. Nobody can take a file away from a program that writes to it without losing
 * lines, so programs write to a socket, and a process of its own (log-keeper-process.ts) reads and writes rotating files.
 *
 * No death but their own may end or stop the programs, so the reading ends are held twice:
 *
 *   the supervisor is killed    the keeper reads on, until the last program has closed its end
 *   the keeper is killed        the supervisor, which never reads, still holds the ends, and hands them to the next one;
 *                               meanwhile what is printed waits in the sockets
 */
export class LogKeeper {
  private static readonly keepers = new Map<string, LogKeeper>();
  private readonly kept = new Map<number, Kept>();
  private child: ChildProcess | undefined;
  private ids = 0;

  /** The one of the home: its process is started when it is first needed. */
  static of(home: Home): LogKeeper {
    const keeper = this.keepers.get(home.path) ?? new LogKeeper(home);
    this.keepers.set(home.path, keeper);
    return keeper;
  }

  private constructor(private readonly home: Home) {}

  async open(path: string): Promise<LogStream> {
    this.ids += 1;
    const id = this.ids;
    const { input, output } = await socketPair(
      join(dirname(this.home.controlSocket), `log-${process.pid}-${id}`),
    );
    let tellClosed = () => {};
    const closed = new Promise<void>((resolve) => (tellClosed = resolve));
    const kept = { id, path, input, closed: tellClosed };
    this.kept.set(id, kept);
    if (this.child) this.hand(kept);
    else this.start();
    const finish = async () => {
      const patience = setTimeout(tellClosed, lastWordsMs);
      await closed;
      clearTimeout(patience);
      this.kept.delete(id);
      input.destroy();
    };
    return { output, finish };
  }

  private start(): void {
    const child = spawn(process.execPath, ['--max-semi-space-size=1', '--max-old-space-size=32', program], {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    });
    this.child = child;
    child.on('message', ({ closed }: { closed: number }) => this.kept.get(closed)?.closed());
    child.on('error', () => {});
    child.once('exit', () => {
      this.child = undefined;
      if (this.kept.size > 0) this.start();
    });
    // It outlives the supervisor and must not keep it.
    child.unref();
    child.channel?.unref();
    for (const kept of this.kept.values()) this.hand(kept);
  }

  private hand({ id, path, input }: Kept): void {
    this.child?.send({ id, path }, input, { keepOpen: true }, () => {});
  }
}

/** Two ends of one connection; neither is read here. */
async function socketPair(path: string): Promise<{ input: Socket; output: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const input = connect(path).pause();
  const [[output]] = await Promise.all([accepted, once(input, 'connect')]);
  server.close();
  for (const end of [input, output]) end.on('error', () => {});
  return { input, output };
}
