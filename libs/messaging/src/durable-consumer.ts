/**
 * Pulls one durable and hands its messages to a handler, `concurrency` at a time.
 *
 * The client library's own consume() needs rights and waits we don't want: when a durable is missing for a moment
 * (the store was wiped and is being provisioned again) it looks again only after a missed heartbeat, and stop()
 * drops what the server had already sent until ack_wait passes. So the pull protocol is spoken here:
 *
 *   idle    one pull request waits at the server, up to 30 s; nothing else runs
 *   busy    as slots fall free further messages are requested, never more than there are slots
 *   absent  no responders (durable or JetStream missing): asked again, waiting longer up to 5 s
 *   stopped nothing new; delivered but not begun goes back at once (nak), begun is finished
 *
 * `requested` counts messages the server still owes us. It may drift (a request the server lost), so it is set back
 * when a request has surely lapsed and on every reconnect; the worst a drift does is a late or superfluous request.
 * A crash leaves messages unacknowledged: the server delivers them again after ack_wait.
 */
import { Logger } from '@nestjs/common';
import { nanos, type Msg, type Subscription, createInbox } from '@nats-io/transport-node';
import { DeliveredMessage } from './delivered-message.js';
import type { NatsConnection } from './nats-connection.js';

export interface DurableConsumerOptions {
  stream: string;
  durable: string;
  /** How many messages are handled at the same time. */
  concurrency: number;
}

const PULL_EXPIRES_MS = 30_000;
const PULL_SURELY_LAPSED_MS = PULL_EXPIRES_MS + 5_000;
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 5_000;
const NO_RESPONDERS = 503;

export class DurableConsumer {
  private readonly logger = new Logger(DurableConsumer.name);
  private readonly inbox: string;
  private subscription: Subscription | undefined;
  private unlisten: (() => void) | undefined;
  private requested = 0;
  private running = 0;
  private retryMs = RETRY_FIRST_MS;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private whenIdle: (() => void) | undefined;

  /** @param handler settles the message itself (ack, nak, terminate); if it throws, the message comes again */
  constructor(
    private readonly connection: NatsConnection,
    private readonly options: DurableConsumerOptions,
    private readonly handler: (message: DeliveredMessage) => Promise<void>,
  ) {
    this.inbox = createInbox(connection.inboxPrefix);
  }

  start(): void {
    this.subscription = this.connection.nc.subscribe(this.inbox, {
      callback: (error, message) => {
        if (error) this.logger.error(`can not receive for ${this.options.durable}: ${error.message}`);
        else this.receive(message);
      },
    });
    this.unlisten = this.connection.onReconnect(() => this.restart());
    this.pull();
  }

  /** Resolves when every message begun is settled. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unlisten?.();
    clearTimeout(this.timer);
    if (this.connection.connected) await this.subscription?.drain();
    if (this.running > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }

  private receive(message: Msg): void {
    // A message keeps its own subject; only what the server says about the pull itself comes to the inbox's.
    if (message.subject === this.inbox) {
      this.receiveStatus(message);
      return;
    }
    this.retryMs = RETRY_FIRST_MS;
    this.requested = Math.max(0, this.requested - 1);
    const delivered = new DeliveredMessage(message);
    if (this.stopped) delivered.nak(0);
    else void this.handle(delivered);
  }

  private receiveStatus(message: Msg): void {
    if (this.stopped) return;
    const status = message.headers;
    const left = Number(status?.get('Nats-Pending-Messages') || 0);
    this.requested = Math.max(0, this.requested - left);
    // An expired request says how much of it is left; every other end of a request says nothing.
    if (left > 0) this.pull();
    else this.retryLater(status?.code, status?.description);
  }

  private async handle(message: DeliveredMessage): Promise<void> {
    this.running += 1;
    try {
      await this.handler(message);
    } catch (error) {
      this.logger.error(error);
    }
    this.running -= 1;
    if (this.stopped) {
      if (this.running === 0) this.whenIdle?.();
    } else {
      this.pull();
    }
  }

  /** Asks for as many messages as there are free slots, in batches of at least half of them. */
  private pull(): void {
    const { stream, durable, concurrency } = this.options;
    const batch = concurrency - this.running - this.requested;
    if (this.stopped || !this.connection.connected) return;
    if (batch < 1 || (this.requested > 0 && batch < concurrency / 2)) return;
    this.requested += batch;
    const request = JSON.stringify({ batch, expires: nanos(PULL_EXPIRES_MS) });
    this.connection.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, request, {
      reply: this.inbox,
    });
    this.restartAfter(PULL_SURELY_LAPSED_MS);
  }

  private retryLater(code = 0, description = ''): void {
    const reason = code === NO_RESPONDERS ? 'it does not exist (yet)' : `${code} ${description}`;
    this.logger.warn(`can not pull ${this.options.durable}: ${reason}`);
    this.restartAfter(this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_LONGEST_MS);
  }

  private restart(): void {
    this.requested = 0;
    this.pull();
  }

  private restartAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.restart(), milliseconds);
  }
}
