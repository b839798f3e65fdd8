/**
 * Runs every @OnEvent handler of a service, each type of event by its own durable.
 *
 *   delivered -> transaction { inbox row, handlers } committed -> acknowledged
 *             -> the inbox row exists already               -> acknowledged, handlers not run
 *             -> failed, attempts left                      -> handed back, delivered again after a backoff
 *             -> failed, attempts used up                   -> dead letter committed -> terminated
 *             -> not an event of its contract               -> dead letter committed -> terminated
 *
 * Invariants
 *  - The effect and the inbox row commit together, so an event has its effect once however often it is delivered. A
 *    crash before the commit leaves nothing; a crash between commit and acknowledgement leaves an inbox row that
 *    turns the next delivery into a plain acknowledgement.
 *  - A message ends only after its effect or its dead letter is committed. While the database is away messages are
 *    handed back without end, whatever their count of attempts.
 *  - Two deliveries of one event at the same time are ordered by the inbox's primary key: the second waits for the
 *    first to commit, or takes over when it rolls back.
 *
 * Measurements have no inbox: their tables drop repeated ones by their own keys.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DurableConsumer, NatsConnection, type DeliveredMessage } from '@capsule/messaging';
import { backoffMs } from './backoff.js';
import { DeadLetters } from './dead-letters.js';
import { countDeadLetter, countRedelivery } from './event-metrics.js';
import { EventHandlers, type Subscription } from './event-handlers.js';
import { EventProcessor } from './event-processor.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { parseMessage, readEvent, UnreadableEvent } from './read-event.js';

/** Per type of event. All of a service share its pool with the requests it serves. */
const CONCURRENCY = 4;
const PULL_EXPIRES_MS = 30_000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_LONGEST_MS = 60_000;

@Injectable()
export class ConsumerRunner {
  private readonly logger = new Logger(ConsumerRunner.name);
  private consumers: DurableConsumer[] = [];

  constructor(
    private readonly connection: NatsConnection,
    private readonly handlers: EventHandlers,
    private readonly processor: EventProcessor,
    private readonly deadLetters: DeadLetters,
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
  ) {}

  start(): void {
    const subscriptions = [...this.handlers.subscriptionsOf(this.options.service).values()];
    this.consumers = subscriptions.map((subscription) => {
      const { contract, durable } = subscription;
      const consumer = new DurableConsumer(
        this.connection,
        { stream: contract.stream, durable, concurrency: CONCURRENCY, pullExpiresMs: PULL_EXPIRES_MS },
        (message) => this.settle(subscription, message),
      );
      consumer.start();
      return consumer;
    });
  }

  /** Pulls nothing more and resolves when every event begun is settled. */
  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    this.consumers = [];
  }

  private async settle(subscription: Subscription, message: DeliveredMessage): Promise<void> {
    if (message.deliveryCount > 1) countRedelivery(subscription.durable);
    try {
      await this.processor.process(
        subscription,
        readEvent(subscription.contract, parseMessage(message.text())),
      );
      message.ack();
    } catch (error) {
      await this.fail(subscription, message, error);
    }
  }

  private async fail(subscription: Subscription, message: DeliveredMessage, error: unknown): Promise<void> {
    const { durable } = subscription;
    const { deliveryCount } = message;
    const delayMs = backoffMs(deliveryCount, BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS);
    if (deliveryCount < this.options.maxAttempts && !(error instanceof UnreadableEvent)) {
      this.logger.warn(`${durable}: attempt ${deliveryCount} failed, again in ${delayMs} ms`, error);
      message.nak(delayMs);
      return;
    }
    try {
      await this.deadLetters.write(subscription, message, error);
    } catch (writeError) {
      this.logger.error(`${durable}: could not write a dead letter, again in ${delayMs} ms`, writeError);
      message.nak(delayMs);
      return;
    }
    this.logger.error(`${durable}: gave up after ${deliveryCount} attempts, see the dead letters`, error);
    countDeadLetter(durable);
    message.terminate();
  }
}
