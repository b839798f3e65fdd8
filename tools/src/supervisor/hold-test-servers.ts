import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask, openControl, SupervisorGoneError } from './control.js';
import { chooseHome, openHome, type Home } from './home.js';
import { openLog, tailOf } from './log-file.js';
import { supervisorOf } from './supervisor-lock.js';

const defaultFirstPort = 17_000;
/** What all specs together take (libs/testing/src/test-ports.ts). */
const portCount = 1_000;
/** Linux gives ports from here on to outgoing connections. */
const portEnd = 32_768;
const startTimeoutMs = 120_000;

export interface HeldTestServers {
  /** Variables for the processes that run specs. */
  environment: Record<string, string>;
  /** Lets go; resolves when the servers have stopped, or at once while another run still holds them. */
  release(): Promise<void>;
}

/**
 * Connects to the test servers of this checkout, starting them when they do not run.
 * CAPSULE_TEST_FIRST_PORT moves them, and the ports that specs themselves listen on.
 */
export async function holdTestServers(workspace: string): Promise<HeldTestServers> {
  const home = openHome(join(chooseHome(workspace, process.env['CAPSULE_HOME']), 'test'));
  const deadline = performance.now() + startTimeoutMs;
  const firstPort = readFirstPort(process.env['CAPSULE_TEST_FIRST_PORT']);
  const launcher = new Launcher(home, firstPort);
  for (;;) {
    const socket = await launcher.connect(deadline);
    try {
      const environment = await ask<Record<string, string>>(socket, 'hold');
      // Servers that another run holds stay where they are; what specs listen on themselves is moved all the same.
      return {
        environment: { ...environment, CAPSULE_TEST_FIRST_PORT: firstPort },
        release: () => release(home, socket),
      };
    } catch (error) {
      socket.destroy();
      // It was about to end when we came; the next round starts another.
      if (!(error instanceof SupervisorGoneError) || performance.now() > deadline) throw error;
    }
  }
}

function readFirstPort(given: string = String(defaultFirstPort)): string {
  const last = portEnd - portCount;
  if (/^\d{4,5}$/.test(given) && Number(given) > 1_023 && Number(given) <= last) return given;
  throw new Error(
    `CAPSULE_TEST_FIRST_PORT must be a port from 1024 to ${last}, for specs take ${portCount} from it on.`,
  );
}

async function release(home: Home, socket: Socket): Promise<void> {
  const others = await ask<number>(socket, 'release');
  socket.destroy();
  while (others === 0 && supervisorOf(home)) await sleep(20);
}

class Launcher {
  private child: ChildProcess | undefined;
  private log = '';

  constructor(
    private readonly home: Home,
    private readonly firstPort: string,
  ) {}

  async connect(deadline: number): Promise<Socket> {
    for (;;) {
      // It ends with 0 when its work is done, or when another run launched one at the same moment.
      if (this.child?.exitCode) throw new Error(tailOf(this.log, 20));
      try {
        return await openControl(this.home.controlSocket);
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      if (this.child === undefined || this.child.exitCode === 0) this.launch();
      await sleep(25);
    }
  }

  private launch(): void {
    const log = openLog(this.home.logs, 'test-servers');
    const program = fileURLToPath(new URL('./test-servers.js', import.meta.url));
    this.log = log.path;
    this.child = spawn(process.execPath, [program, this.home.path, this.firstPort], {
      cwd: '/',
      stdio: ['ignore', log.descriptor, log.descriptor],
      detached: true,
    });
    this.child.unref();
    closeSync(log.descriptor);
  }
}
