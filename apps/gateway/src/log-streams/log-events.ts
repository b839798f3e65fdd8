/**
 * The log of one deployment as server-sent events.
 *
 * Each turn is a long poll at the service: it answers at once when there are lines and after LOG_WAIT_MS_MAX when there
 * are none, which makes a comment line here, so that nothing in between takes the connection for dead. An event's id
 * is the offset behind its lines; whoever comes back with it misses nothing and gets nothing twice.
 *
 * Only the end of the log makes an `end` event. When the stream is called off or the service cannot be reached, it just
 * stops, and the reader comes back with the last id it saw.
 *
 * The next poll starts only when the reader has taken what was written (the generator is pulled by the response), so a
 * slow reader holds back its own stream and no memory.
 */
import { type deploymentLogRead, LOG_WAIT_MS_MAX, type ResponseOf } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';

export type LogChunk = ResponseOf<typeof deploymentLogRead>;
export type ReadLog = (offset: number, waitMs: number) => Promise<LogChunk>;

const RECONNECT_AFTER_MS = 2_000;

/**
 * @param first what a read without waiting gave: its errors could still be answered with a status
 * @param signal calls the stream off, also while a read is waiting
 */
export async function* logEvents(
  first: LogChunk,
  read: ReadLog,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_AFTER_MS}\n\n`;
  let chunk: LogChunk | undefined = first;
  while (chunk && !signal.aborted) {
    if (chunk.text !== '') yield logEvent(chunk);
    else if (chunk !== first && !chunk.ended) yield ': still here\n\n';
    if (chunk.ended) {
      yield 'event: end\ndata: {}\n\n';
      return;
    }
    chunk = await unlessCalledOff(read(chunk.nextOffset, LOG_WAIT_MS_MAX), signal);
  }
}

/** JSON, because the protocol splits at carriage returns too, and build tools love them. */
function logEvent({ text, startOffset, nextOffset }: LogChunk): string {
  return `event: log\nid: ${nextOffset}\ndata: ${JSON.stringify({ text, startOffset, nextOffset })}\n\n`;
}

async function unlessCalledOff(
  reading: Promise<LogChunk>,
  signal: AbortSignal,
): Promise<LogChunk | undefined> {
  let callOff: (() => void) | undefined;
  const calledOff = new Promise<undefined>((resolve) => {
    callOff = () => resolve(undefined);
    signal.addEventListener('abort', callOff);
  });
  try {
    return await Promise.race([reading, calledOff]);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  } finally {
    if (callOff) signal.removeEventListener('abort', callOff);
  }
}
