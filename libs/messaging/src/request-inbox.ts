import { DomainError } from '@capsule/errors';
import { createInbox, errors, type Msg, type MsgHdrs, type PublishOptions } from '@nats-io/transport-node';
import type { NatsConnection } from './nats-connection.js';

interface Pending {
  resolve: (message: Msg) => void;
  reject: (error: unknown) => void;
  timer: NodeJS.Timeout;
}

const NO_RESPONDERS = 503;

/**
 * One subscription for the answers to all requests of a process. The client's own `request()` works alike, but builds an
 * Error with its stack for every request that succeeds, which costs more than everything else about it.
 */
export class RequestInbox {
  private readonly prefix: string;
  private readonly pending = new Map<string, Pending>();
  private sent = 0;

  constructor(private readonly connection: NatsConnection) {
    // The random part is what keeps answers apart that another process of this user waits for.
    this.prefix = `${createInbox(connection.inboxPrefix)}.`;
    connection.nc.subscribe(`${this.prefix}*`, {
      callback: (error, message) => {
        if (!error) this.receive(message);
      },
    });
  }

  /**
   * @throws DomainError platform.upstream.timeout, platform.upstream.unavailable when nobody serves the subject,
   * platform.request.too_large when it exceeds a NATS message, Error when the connection is closed
   */
  request(subject: string, payload: string, headers: MsgHdrs, timeoutMs: number): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const token = (this.sent += 1).toString(36);
      this.publish(subject, payload, { reply: this.prefix + token, headers });
      const timer = setTimeout(() => {
        this.pending.delete(token);
        reject(new DomainError('platform.upstream.timeout'));
      }, timeoutMs);
      this.pending.set(token, { resolve, reject, timer });
    });
  }

  private publish(subject: string, payload: string, options: PublishOptions): void {
    try {
      this.connection.nc.publish(subject, payload, options);
    } catch (cause) {
      if (!(cause instanceof errors.InvalidArgumentError)) throw cause;
      throw new DomainError('platform.request.too_large', { cause });
    }
  }

  private receive(message: Msg): void {
    const token = message.subject.slice(this.prefix.length);
    const waiting = this.pending.get(token);
    // An answer that came after its deadline.
    if (!waiting) return;
    this.pending.delete(token);
    clearTimeout(waiting.timer);
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      waiting.reject(new DomainError('platform.upstream.unavailable', { retryAfterSeconds: 1 }));
    } else {
      waiting.resolve(message);
    }
  }
}
