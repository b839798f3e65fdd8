import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, type ProcessIdentity } from './process-identity.js';
import { livingRecords, stopLeftover, type Traceable, writeRecord } from './process-record.js';

describe('what a killed supervisor left', () => {
  let folder: string;
  let child: ChildProcess;
  let identity: ProcessIdentity;
  let traceable: Traceable;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capsule-records-'));
    const marker = join(folder, 'server.conf');
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', marker], { stdio: 'ignore' });
    identity = identityOf(child.pid as number) as ProcessIdentity;
    traceable = { name: 'server', marker, stopSignal: 'SIGTERM', stopTimeoutMs: 5_000 };
  });

  afterEach(async () => {
    if (isRunning(child)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  });

  it('is stopped when start time and command line are those of the record', async () => {
    writeRecord(folder, { ...identity, ...traceable });
    expect(livingRecords(folder)).toHaveLength(1);
    await stopLeftover(folder, traceable);
    expect(identityOf(identity.pid)).toBeUndefined();
    expect(livingRecords(folder)).toEqual([]);
  });

  it('is found by the pid file of the server when it never was recorded', async () => {
    const pidFile = join(folder, 'server.pid');
    writeFileSync(pidFile, `${identity.pid}\n`);
    await stopLeftover(folder, { ...traceable, pidFile });
    expect(identityOf(identity.pid)).toBeUndefined();
  });

  it('is left alone when the pid belongs to a process started at another time', async () => {
    writeRecord(folder, { ...identity, ...traceable, startedAt: 'another time' });
    await stopLeftover(folder, traceable);
    expect(identityOf(identity.pid)).toEqual(identity);
  });

  it("is left alone when the command line is a stranger's, and the pid file that names it goes away", async () => {
    const pidFile = join(folder, 'server.pid');
    writeFileSync(pidFile, `${identity.pid}\n`);
    const stranger = { ...traceable, marker: join(folder, 'another.conf'), pidFile };
    writeRecord(folder, { ...identity, ...stranger });
    await stopLeftover(folder, stranger);
    expect(identityOf(identity.pid)).toEqual(identity);
    expect(existsSync(pidFile)).toBe(false);
  });
});

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
