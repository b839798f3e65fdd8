// The private servers that specs run on, in a process of their own: `node tools/dist/supervisor/test-servers.js HOME PORT`.
//
// It serves for as long as somebody holds a connection to its control socket, so servers end with the last test run
// however that ended: a killed Jest closes its connection too. Runs in several terminals share one set. What specs find
// in their environment is listed in test-environment.ts.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { serveControl } from './control.js';
import { openHome } from './home.js';
import { type Servers, startServers } from './start-servers.js';
import { AlreadyRunningError, claimHome, releaseHome } from './supervisor-lock.js';
import { testEnvironment, testSettings } from './test-environment.js';

const [path, firstPort] = [process.argv[2] ?? '', Number(process.argv[3])];

async function main(): Promise<void> {
  const home = openHome(path);
  claimHome(home);
  const holders = new Set<Socket>();
  const end = new AbortController();
  const letGo = (client: Socket) => {
    holders.delete(client);
    if (holders.size === 0) end.abort();
    return holders.size;
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end.abort());

  let running: Promise<Servers> | undefined;
  const control = await serveControl(home.controlSocket, {
    hold: async (client) => {
      holders.add(client);
      client.once('close', () => letGo(client));
      await running;
      return testEnvironment(home, firstPort);
    },
    release: letGo,
  });
  try {
    running = startServers(home, testSettings(home, firstPort), {
      onDeath: (_, message, tail) => console.error(`${message}\n${tail}`),
    });
    const servers = await running;
    if (holders.size === 0) end.abort();
    if (!end.signal.aborted) await once(end.signal, 'abort');
    await servers.stop();
  } finally {
    control.close();
    releaseHome(home);
    // After a failure those who wait are answered first. Whoever came in the last moment starts anew.
    await setImmediate();
    for (const holder of holders) holder.end();
  }
}

main().catch((error: Error) => {
  // Two test runs may start at the same moment; the other one's servers serve both.
  if (error instanceof AlreadyRunningError) return;
  console.error(error.message);
  process.exitCode = 1;
});
