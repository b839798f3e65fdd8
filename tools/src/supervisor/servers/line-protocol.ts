import { connect } from 'node:net';

const timeoutMs = 2_000;

/**
 * Says one thing to a server of a text protocol and waits for an answer, for probes that must log in as a client does
 * without a client library's reconnects and queues. `answered` looks at all that came so far and throws when it is a refusal.
 */
export function converse(
  address: { host?: string; port: number },
  message: string,
  answered: (received: string) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...address });
    let received = '';
    const finish = (error?: Error) => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => finish(new Error('no answer')));
    socket.once('connect', () => socket.write(message));
    socket.once('error', finish);
    socket.once('close', () =>
      finish(new Error(`closed after ${received.slice(0, 80).trim() || 'nothing'}`)),
    );
    socket.on('data', (chunk: string) => {
      received += chunk;
      try {
        if (answered(received)) finish();
      } catch (error) {
        finish(error as Error);
      }
    });
  });
}
