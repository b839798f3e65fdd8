/**
 * Runs every @OnEvent handler of a service, each type of event by its own durable.
 *
 *   delivered -> transaction { inbox row, handlers } committed -> acknowledged
 *             -> the inbox row exists already               -> acknowledged, handlers not run
 *             -> the platform failed                        -> handed back, delivered again after a backoff
 *             -> its handler failed, attempts left          -> handed back, delivered again after a backoff
 *             -> its handler failed, attempts used up       -> dead letter committed -> terminated
 *             -> its process ended, attempts left           -> delivered again when ack_wait has passed
 *             -> its process ended, attempts used up        -> dead letter committed at the next delivery -> terminated
 *             -> not an event of its contract               -> dead letter committed -> terminated
 *
 * Invariants
 *  - The effect and the inbox row commit together, so an event has its effect once however often it is delivered. A
 *    crash before the commit leaves nothing; a crash between commit and acknowledgement leaves an inbox row that
 *    turns the next delivery into a plain acknowledgement.
 *  - A message ends only after its effect or its dead letter is committed.
 *  - Only failures of its own handlers count against an event. While the database or another service is away it is
 *    handed back without end. A time-out may be the fault of either and counts half: a slow platform gets time, and
 *    what is always too slow doesn't come for ever.
 *  - A handler may end its process each time. So from the second delivery on an attempt is on record before its handler
 *    runs, and counts as failed until its end is on record too. Processes also end for reasons of their own, and take
 *    what they were handling with them: an event that was in the middle of an attempt is tried alone among its like,
 *    so that one event that ends processes doesn't drag others along. With 8 attempts allowed, it becomes a dead
 *    letter when its process has ended 9 times in a row in the moments it was handled, 7 of them so alone.
 *  - Two deliveries of one event at the same time are ordered by the inbox's primary key: the second waits for the
 *    first to commit, or takes over when it rolls back.
 *
 * Measurements have no inbox: their tables drop repeated ones by their own keys.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { DurableConsumer, NatsConnection, type DeliveredMessage } from '@capsule/messaging';
import { backoffMs } from './backoff.js';
import { DeadLetters } from './dead-letters.js';
import { countDeadLetter, countRedelivery } from './event-metrics.js';
import { EventAttempts } from './event-attempts.js';
import { EventHandlers, type Subscription } from './event-handlers.js';
import { EventProcessor } from './event-processor.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { isPlatformFault, isTimeout } from './platform-fault.js';
import { parseMessage, readEvent } from './read-event.js';

/** Per type of event. All of a service share its pool with the requests it serves. */
const CONCURRENCY = 4;
const PULL_EXPIRES_MS = 30_000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_LONGEST_MS = 60_000;

@Injectable()
export class ConsumerRunner {
  private readonly logger = new Logger(ConsumerRunner.name);
  /** Ends when those events have been tried whose last attempt was never seen to end. */
  private suspects: Promise<unknown> = Promise.resolve();
  private consumers: DurableConsumer[] = [];

  constructor(
    private readonly connection: NatsConnection,
    private readonly handlers: EventHandlers,
    private readonly processor: EventProcessor,
    private readonly attempts: EventAttempts,
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
    const { contract, durable } = subscription;
    let event: EventEnvelope;
    try {
      event = readEvent(contract, parseMessage(message.text()));
    } catch (error) {
      await this.giveUp(subscription, message, 1, error);
      return;
    }
    if (!message.isRedelivery) {
      await this.attempt(subscription, message, event);
      return;
    }
    if (message.deliveryCount > 1) countRedelivery(durable);
    try {
      await this.attemptAgain(subscription, message, event);
    } catch (error) {
      this.handBack(message, message.deliveryCount, `${durable}: could not record the attempt`, error);
    }
  }

  /** @throws Error when the attempt could not be recorded, and so has not begun */
  private async attemptAgain(
    subscription: Subscription,
    message: DeliveredMessage,
    event: EventEnvelope,
  ): Promise<void> {
    const { durable } = subscription;
    if (await this.attempts.begin(durable, event)) {
      await this.attempt(subscription, message, event);
      return;
    }
    const turn = this.suspects.then(async () => {
      const used = await this.attempts.beginAnother(durable, event, this.options.maxAttempts);
      if (used < this.options.maxAttempts) await this.attempt(subscription, message, event);
      else
        await this.giveUp(subscription, message, used, new Error('its process ended while it was handled'));
    });
    this.suspects = turn.catch(() => undefined);
    await turn;
  }

  private async attempt(
    subscription: Subscription,
    message: DeliveredMessage,
    event: EventEnvelope,
  ): Promise<void> {
    const { durable } = subscription;
    const forget = message.isRedelivery
      ? (tx: Transaction) => this.attempts.forget(tx, durable, event.id)
      : undefined;
    try {
      await this.processor.process(subscription, event, forget);
    } catch (error) {
      await this.fail(subscription, message, event, error);
      return;
    }
    message.ack();
  }

  private async fail(
    subscription: Subscription,
    message: DeliveredMessage,
    event: EventEnvelope,
    error: unknown,
  ): Promise<void> {
    const { durable } = subscription;
    const weight = weightOf(error);
    let used: number | undefined;
    try {
      // What was not on record and doesn't count has nothing to be taken back.
      if (weight > 0 || message.isRedelivery) used = await this.attempts.end(durable, event, weight);
    } catch (recordError) {
      this.logger.warn(`${durable}: could not record how the attempt ended`, recordError);
    }
    if (weight === 0 || used === undefined) {
      this.handBack(message, message.deliveryCount, `${durable}: the platform failed`, error);
    } else if (used < this.options.maxAttempts) {
      const what = `${durable}: failed, ${used} of ${this.options.maxAttempts} attempts used`;
      this.handBack(message, used, what, error);
    } else {
      await this.giveUp(subscription, message, used, error);
    }
  }

  /** When the dead letter can't be written the event comes again. */
  private async giveUp(
    subscription: Subscription,
    message: DeliveredMessage,
    attempts: number,
    error: unknown,
  ): Promise<void> {
    const { durable } = subscription;
    try {
      await this.deadLetters.write(subscription, message.text(), attempts, error);
    } catch (writeError) {
      this.handBack(message, message.deliveryCount, `${durable}: could not write a dead letter`, writeError);
      return;
    }
    this.logger.error(`${durable}: gave up after ${attempts} attempts, see the dead letters`, error);
    countDeadLetter(durable);
    message.terminate();
  }

  private handBack(message: DeliveredMessage, attempt: number, what: string, error: unknown): void {
    const delayMs = backoffMs(attempt, BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS);
    this.logger.warn(`${what}, again in ${delayMs} ms`, error);
    message.nak(delayMs);
  }
}

/** As how many attempts a failed one counts against the event. */
function weightOf(error: unknown): number {
  if (isTimeout(error)) return 0.5;
  return isPlatformFault(error) ? 0 : 1;
}
