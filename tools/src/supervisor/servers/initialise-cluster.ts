import { spawn } from 'node:child_process';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Home } from '../home.js';
import { recordStarted, removeRecord, stopLeftover, type Traceable } from '../process-record.js';
import { writePrivateFile } from '../secret-file.js';

export interface NewCluster {
  /** Of its server. */
  name: string;
  /** Its data folder, which does not exist yet. */
  data: string;
  /** The folder of PostgreSQL's programs. */
  binaries: string;
  superuser: string;
  password: string;
}

/**
 * Makes the data folder of a cluster. initdb works beside it and only a complete one is given its name, so that no kill
 * and no power cut leaves half a database where a server would take it for a whole one.
 */
export async function initialiseCluster(home: Home, cluster: NewCluster): Promise<void> {
  const { data, binaries, superuser, password } = cluster;
  const fresh = `${data}.new`;
  const folderArgument = `--pgdata=${fresh}`;
  const initdb: Traceable = {
    name: `${cluster.name}-initdb`,
    marker: folderArgument,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  };
  // That of a killed supervisor goes on, and may leave a helper that writes until it notices.
  await stopLeftover(home.run, initdb);
  await rm(fresh, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  const passwordFile = join(dirname(data), 'initial-password');
  writePrivateFile(passwordFile, password, home.user);
  const locale = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  try {
    await run(home, initdb, join(binaries, 'initdb'), [
      folderArgument,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      `--locale=${locale}`,
      '--lc-messages=C',
      '--data-checksums',
    ]);
  } finally {
    rmSync(passwordFile);
  }
  // It has written everything through to the disk itself; what is left to write is the name.
  renameSync(fresh, data);
  const folder = openSync(dirname(data), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Runs a program to its end, recorded meanwhile, so that it is found when the supervisor is killed. */
function run(home: Home, traceable: Traceable, program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(home.user && { uid: home.user.uid, gid: home.user.gid }),
  });
  return new Promise<void>((resolve, reject) => {
    let messages = '';
    child.stderr.on('data', (chunk: Buffer) => (messages += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} failed: ${messages.trim()}`)),
    );
    try {
      recordStarted(home.run, child.pid, traceable);
    } catch (error) {
      child.kill();
      throw error;
    }
  }).finally(() => removeRecord(home.run, traceable.name));
}
