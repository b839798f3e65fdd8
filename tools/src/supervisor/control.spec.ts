import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, callSupervisor, serveControl } from './control.js';
import { type Home, openHome } from './home.js';
import { claimHome, releaseHome } from './supervisor-lock.js';

describe('a call of the supervisor', () => {
  let home: Home;

  beforeEach(() => {
    home = openHome(mkdtempSync(join(tmpdir(), 'capsule-control-')));
  });

  afterEach(() => rmSync(home.path, { recursive: true }));

  it('reaches nobody where none is', async () => {
    expect(await callSupervisor(home)).toBeUndefined();
  });

  it('goes on until one that has just begun listens', async () => {
    claimHome(home);
    const calling = callSupervisor(home);
    const control = await serveControl(home.controlSocket, { greet: () => 'hello' });
    const socket = await calling;
    expect(socket && (await ask(socket, 'greet'))).toBe('hello');
    socket?.destroy();
    control.close();
  });

  it('ends when the one that it calls ends', async () => {
    claimHome(home);
    const calling = callSupervisor(home);
    releaseHome(home);
    expect(await calling).toBeUndefined();
  });

  it('says which process to end when that lives but never answers', async () => {
    claimHome(home);
    await expect(callSupervisor(home, 100)).rejects.toThrow(
      `Process ${process.pid} holds ${home.path} but does not answer. End it by kill -9 ${process.pid};`,
    );
  });
});
