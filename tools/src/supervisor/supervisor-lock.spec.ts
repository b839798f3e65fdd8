import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Home, openHome } from './home.js';
import { identityOf } from './process-identity.js';
import { AlreadyRunningError, claimHome, releaseHome, supervisorOf } from './supervisor-lock.js';

describe('a home', () => {
  let home: Home;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-lock-')));
  });

  afterEach(() => rmSync(home.path, { recursive: true }));

  it('has one supervisor while that lives', () => {
    claimHome(home);
    expect(supervisorOf(home)?.pid).toBe(process.pid);
    expect(() => claimHome(home)).toThrow(AlreadyRunningError);
    releaseHome(home);
    expect(supervisorOf(home)).toBeUndefined();
    claimHome(home);
  });

  it('can be claimed after its supervisor was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(join(home.run, 'supervisor.lock'), JSON.stringify(identityOf(child.pid as number)));
    expect(() => claimHome(home)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    claimHome(home);
    expect(supervisorOf(home)?.pid).toBe(process.pid);
  });
});
