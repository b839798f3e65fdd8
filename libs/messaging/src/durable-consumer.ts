/**
 * Pulls one durable and hands its messages to a handler, `concurrency` at a time.
 *
 * The client library's own consume() needs rights and waits we don't want: when a durable is missing for a moment
 * (the store was wiped and is being provisioned again) it looks again only after a missed heartbeat, and stop()
 * drops what the server had already sent until ack_wait passes. So the pull protocol is spoken here:
 *
 *   idle    one pull request waits at the server until it expires; nothing else runs
 *   busy    as slots fall free further messages are requested, never more than there are slots
 *   absent  there is no such durable: looked up again, waiting longer up to 5 s. A pull of a durable that does not
 *           exist is answered by nobody, so it is looked up at the start, after a reconnect and when a pull lapsed
 *   stopped nothing new; delivered but not begun goes back at once (nak), begun is finished
 *
 * `requested` counts messages the server still owes us. It may drift (a request the server lost, or kept through a
 * reconnect), so it is set back when a request has surely lapsed and on every reconnect; what a superfluous request
 * brings waits for a slot.
 * A crash leaves messages unacknowledged: the server delivers them again after ack_wait.
 */
import { Logger } from '@nestjs/common';
import { millis, nanos, type Msg, type Subscription, createInbox } from '@nats-io/transport-node';
import { DeliveredMessage } from './delivered-message.js';
import type { NatsConnection } from './nats-connection.js';

export interface DurableConsumerOptions {
  stream: string;
  durable: string;
  /** How many messages are handled at the same time. */
  concurrency: number;
  /** How long a request for messages waits at the server: nothing happens in between while there are none. */
  pullExpiresMs: number;
}

const LAPSE_MARGIN_MS = 5_000;
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 5_000;
/** Status of a pull whose time is up; its headers say how many messages it had still asked for. */
const REQUEST_EXPIRED = 408;
const LOOK_UP_TIMEOUT_MS = 3_000;

/** What is read of the answer to $JS.API.CONSUMER.INFO. */
interface ConsumerInfo {
  error?: { description: string };
  /** Delivered and neither acknowledged nor given up. */
  num_ack_pending?: number;
  config?: { ack_wait: number };
}

export class DurableConsumer {
  private readonly logger = new Logger(DurableConsumer.name);
  private readonly inbox: string;
  private subscription: Subscription | undefined;
  private unlisten: (() => void) | undefined;
  private requested = 0;
  /** Time of `performance.now()` until which what others had left unsettled at the last look-up comes again. */
  private leftOversUntil = 0;
  private readonly waiting: DeliveredMessage[] = [];
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
        if (error) this.logger.error(`cannot receive for ${this.options.durable}: ${error.message}`);
        else this.receive(message);
      },
    });
    this.unlisten = this.connection.onReconnect(() => void this.restart());
    void this.restart();
  }

  /** Resolves when every message begun is settled. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unlisten?.();
    clearTimeout(this.timer);
    for (const message of this.waiting.splice(0)) message.nak(0);
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
    const { connections } = this.connection;
    const canSettle = () => this.connection.connections === connections;
    const delivered = new DeliveredMessage(message, canSettle, performance.now() < this.leftOversUntil);
    if (this.stopped) delivered.nak(0);
    else if (this.running >= this.options.concurrency) this.waiting.push(delivered);
    else void this.handle(delivered);
  }

  private receiveStatus(message: Msg): void {
    if (this.stopped) return;
    const status = message.headers;
    const left = Number(status?.get('Nats-Pending-Messages') || 0);
    this.requested = Math.max(0, this.requested - left);
    if (status?.code === REQUEST_EXPIRED) this.pull();
    else this.retryLater(`${status?.code} ${status?.description}`);
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
      return;
    }
    const next = this.waiting.shift();
    if (next) void this.handle(next);
    else this.pull();
  }

  /** Asks for as many messages as there are free slots, in batches of at least half of them. */
  private pull(): void {
    const { stream, durable, concurrency, pullExpiresMs } = this.options;
    const batch = concurrency - this.running - this.waiting.length - this.requested;
    if (this.stopped || !this.connection.connected) return;
    if (batch < 1 || (this.requested > 0 && batch < concurrency / 2)) return;
    this.requested += batch;
    const request = JSON.stringify({ batch, expires: nanos(pullExpiresMs) });
    this.connection.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, request, {
      reply: this.inbox,
    });
    this.restartAfter(pullExpiresMs + LAPSE_MARGIN_MS);
  }

  private async restart(): Promise<void> {
    clearTimeout(this.timer);
    this.requested = 0;
    if (!this.connection.connected) return;
    const missing = await this.lookUp();
    if (missing === undefined) this.pull();
    else this.retryLater(missing);
  }

  /** @returns undefined when the durable can be pulled, else why not */
  private async lookUp(): Promise<string | undefined> {
    const subject = `$JS.API.CONSUMER.INFO.${this.options.stream}.${this.options.durable}`;
    try {
      const answer = await this.connection.nc.request(subject, '', { timeout: LOOK_UP_TIMEOUT_MS });
      const { error, num_ack_pending: unsettled = 0, config } = answer.json<ConsumerInfo>();
      if (unsettled > 0 && config)
        this.leftOversUntil = performance.now() + millis(config.ack_wait) + LAPSE_MARGIN_MS;
      return error?.description;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private retryLater(reason: string): void {
    if (this.stopped) return;
    this.logger.warn(`cannot pull ${this.options.durable}: ${reason}`);
    this.restartAfter(this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, RETRY_LONGEST_MS);
  }

  private restartAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.restart(), milliseconds);
  }
}
