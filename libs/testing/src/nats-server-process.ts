import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_DEADLINE_MS = 10_000;
const program = process.env['CAPSULE_TEST_NATS_SERVER'] ?? 'nats-server';

/** A killed test run can't clean up: on Linux the kernel then ends the server (setpriv is part of util-linux). */
const [command, ...leading] =
  process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--', program] : [program];

/** One run of nats-server. */
export class NatsServerProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** @returns the version as the server's configuration has to respect it, e.g. "2.9.10" */
  static async version(): Promise<string> {
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return stdout.replace(/^.*v/s, '').trim();
  }

  /** Resolves with the port once the server listens. */
  static async start(folder: string, configurationFile: string): Promise<[NatsServerProcess, number]> {
    const log = join(folder, 'log');
    const options = ['--config', configurationFile, '--ports_file_dir', folder, '--log', log];
    const child = spawn(command, [...leading, ...options], { stdio: 'ignore' });
    await once(child, 'spawn');
    const server = new NatsServerProcess(child);
    const deadline = Date.now() + START_DEADLINE_MS;
    while (child.exitCode === null && Date.now() < deadline) {
      const port = await portOf(folder, child.pid);
      if (port !== undefined) return [server, port];
      await sleep(10);
    }
    await server.stop('SIGKILL');
    throw new Error(`nats-server did not start: ${await readFile(log, 'utf8').catch(() => 'no log')}`);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
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
