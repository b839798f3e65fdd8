import { DomainError } from '@capsule/errors';

/** Streams one caller may hold open at a time: each costs a long poll on the bus and a socket. */
const STREAMS_PER_CALLER_MAX = 10;
const RETRY_AFTER_SECONDS = 10;

export interface OpenStream {
  /** Aborts when the stream has to end. */
  readonly signal: AbortSignal;
  /** Ends it and frees its place; more than once does no harm. */
  readonly end: () => void;
}

/** The log streams that are open in this process: no caller holds more than its share, and all end with the process. */
export class OpenStreams {
  private readonly byCaller = new Map<string, Set<OpenStream>>();

  /** @throws DomainError platform.request.rate_limited */
  open(callerId: string): OpenStream {
    const streams = this.byCaller.get(callerId) ?? new Set();
    if (streams.size >= STREAMS_PER_CALLER_MAX) {
      throw new DomainError('platform.request.rate_limited', {
        detail: `No more than ${STREAMS_PER_CALLER_MAX} log streams may be open at a time.`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    const abort = new AbortController();
    const stream: OpenStream = {
      signal: abort.signal,
      end: () => {
        abort.abort();
        streams.delete(stream);
        if (streams.size === 0 && this.byCaller.get(callerId) === streams) this.byCaller.delete(callerId);
      },
    };
    this.byCaller.set(callerId, streams.add(stream));
    return stream;
  }

  endAll(): void {
    for (const streams of this.byCaller.values()) for (const stream of streams) stream.end();
  }
}
