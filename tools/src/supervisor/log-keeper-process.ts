// Writes what the processes of the platform print into their logs: `node log-keeper-process.js`, started by LogKeeper,
// which sends it the reading end of each. It asks nobody to end: it does when the supervisor is gone and so is everyone
// who could still print something.
import type { Socket } from 'node:net';
import { RotatingFile } from './rotating-file.js';

// Ctrl-C and `kill` of a whole group are for those whose last words it has to write down.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.on('message', ({ id, path }: { id: number; path: string }, socket: Socket) => {
  const file = new RotatingFile(path);
  socket.on('data', (chunk: Buffer) => {
    try {
      file.write(chunk);
    } catch {
      // The disk is full: these lines are lost, but nobody is kept from working by its log.
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    file.close();
    if (process.connected) process.send?.({ closed: id }, undefined, undefined, () => {});
  });
});
