/**
 * Holds the port of an instance whose program has ended. The edge leads there until it is told otherwise, and whoever
 * listened there meanwhile would be given the visitors of the app, with their cookies.
 */
import { createServer } from 'node:net';
import { listeningUsers, ProcessTable } from './process-table.mjs';

/** Written by hand: an HTTP server would cost each runner more memory than the rest of it. */
const ANSWER = [
  'HTTP/1.1 503 Service Unavailable',
  'Retry-After: 2',
  'Content-Type: text/plain; charset=utf-8',
  'Cache-Control: no-store',
  'Connection: close',
  '',
  'This app is being started again.\n',
].join('\r\n');
const SILENCE_MS_MAX = 5_000;
const FIRST_PAUSE_MS = 2;
const PAUSE_MS_MAX = 250;

/** @typedef {{ first: number, last: number }} UserRange */

/**
 * Tries until it holds the port. Another app that was quicker is ended: it has no business there. What the program
 * itself left behind is ended by the engine.
 * @param {import('./runner.mjs').InstancePort} place
 */
export function holdPort({ host, port, uid, appUsers }) {
  const server = createServer((socket) => {
    socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
    socket.on('error', () => {});
    socket.once('data', () => socket.end(ANSWER));
  });
  let pauseMs = FIRST_PAUSE_MS;
  server.on('error', () => {
    if (appUsers) endIntruders(port, uid, appUsers);
    setTimeout(() => server.listen({ host, port }), pauseMs);
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
  });
  server.listen({ host, port });
}

/** @param {number} port @param {number | null} ownUid @param {UserRange} appUsers */
function endIntruders(port, ownUid, { first, last }) {
  for (const uid of new Set(listeningUsers(port))) {
    if (uid === ownUid || uid < first || uid > last) continue;
    for (const pid of new ProcessTable().ofUser(uid)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in this moment.
      }
    }
  }
}
