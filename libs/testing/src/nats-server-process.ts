import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_DEADLINE_MS = 10_000;
const program = process.env['CAPSULE_TEST_NATS_SERVER'] ?? 'nats-server';

/** One run of nats-server; it never outlives this process. */
export class NatsServerProcess {
  private readonly killAtExit = (): void => void this.child.kill('SIGKILL');

  private constructor(private readonly child: ChildProcess) {
    process.once('exit', this.killAtExit);
  }

  /** @returns the version as the server's configuration has to respect it, e.g. "2.9.10" */
  static async version(): Promise<string> {
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return stdout.replace(/^.*v/s, '').trim();
  }

  /** Resolves with the port once the server listens. */
  static async start(folder: string, configurationFile: string): Promise<[NatsServerProcess, number]> {
    const child = spawn(
      program,
      ['--config', configurationFile, '--ports_file_dir', folder, '--log', join(folder, 'log')],
      { stdio: 'ignore' },
    );
    await once(child, 'spawn');
    const server = new NatsServerProcess(child);
    const deadline = Date.now() + START_DEADLINE_MS;
    while (child.exitCode === null && Date.now() < deadline) {
      const port = await portOf(folder, child.pid);
      if (port !== undefined) return [server, port];
      await sleep(10);
    }
    await server.stop('SIGKILL');
    throw new Error(
      `nats-server did not start: ${await readFile(join(folder, 'log'), 'utf8').catch(() => 'no log')}`,
    );
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    process.off('exit', this.killAtExit);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}

/** The server writes the addresses it listens on to a file named after its process id. */
async function portOf(folder: string, pid: number | undefined): Promise<number | undefined> {
  const name = (await readdir(folder)).find((file) => file.endsWith(`_${pid}.ports`));
  if (!name) return undefined;
  const text = await readFile(join(folder, name), 'utf8');
  const match = /nats:\/\/[^:]+:(\d+)/.exec(text);
  return match ? Number(match[1]) : undefined;
}
