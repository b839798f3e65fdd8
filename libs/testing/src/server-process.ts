import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Who runs servers that refuse to run as root; nobody else when the specs are not run by root. */
const uid = Number(process.env['CAPSULE_TEST_SERVER_UID']) || undefined;
const gid = Number(process.env['CAPSULE_TEST_SERVER_GID']) || undefined;

/** A folder and files that such a server may read and write. */
export async function makeServerFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `capsule-${name}-`));
  await giveToServer(folder);
  return folder;
}

export async function writeServerFile(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  await giveToServer(path);
}

async function giveToServer(path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Runs a program to its end. @throws when it fails, with what it said */
export async function runAsServer(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { cwd: '/', uid, gid, stdio: ['ignore', 'ignore', 'pipe'] });
  let messages = '';
  child.stderr.on('data', (chunk: Buffer) => (messages += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} failed: ${messages.trim()}`);
}

/** One run of a server of a spec's own. */
export class ServerProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when the server has written a line with `ready` in it to its error stream. */
  static async start(program: string, args: readonly string[], ready: string): Promise<ServerProcess> {
    // A killed test run can't clean up: on Linux the kernel then ends the server (setpriv is part of util-linux).
    const [command, ...leading] =
      process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--', program] : [program];
    const child = spawn(command, [...leading, ...args], {
      cwd: '/',
      uid,
      gid,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      log.push(line);
      if (!line.includes(ready)) continue;
      child.stderr.resume();
      return new ServerProcess(child);
    }
    throw new Error(`${program} did not start: ${log.join('\n')}`);
  }

  /** @param signal how the server is to end: every one has its own idea of which drops its clients */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
