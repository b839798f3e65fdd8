/**
 * Runs every @OnEvent handler of a service, each type of event by its own durable.
 *
 *   delivered -> transaction { inbox row, handlers } committed -> acknowledged
 *             -> the inbox row exists already               -> acknowledged, handlers not run
 *             -> the platform failed                        -> handed back, delivered again after a backoff
 *             -> its handler failed, attempts left          -> handed back, delivered again after a backoff
 *             -> its handler failed, attempts used up       -> dead letter committed -> terminated
 *             -> not an event of its contract               -> dead letter committed -> terminated
 *
 * Invariants
 *  - The effect and the inbox row commit together, so an event has its effect once however often it is delivered. A
 *    crash before the commit leaves nothing; a crash between commit and acknowledgement leaves an inbox row that
 *    turns the next delivery into a plain acknowledgement.
 *  - A message ends only after its effect or its dead letter is committed.
 *  - Only failures of its own handlers count against an event. While the database or another service is away it is
 *    handed back without end, and deliveries that ended with a process don't count. A time-out may be the fault of
 *    either and counts half: a slow platform gets time, and what is always too slow doesn't come for ever.
 *  - Two deliveries of one event at the same time are ordered by the inbox's primary key: the second waits for the
 *    first to commit, or takes over when it rolls back.
 *
 * Measurements have no inbox: their tables drop repeated ones by their own keys.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { DurableConsumer, NatsConnection, type DeliveredMessage } from '@capsule/messaging';
import { backoffMs } from './backoff.js';
import { DeadLetters } from './dead-letters.js';
import { countDeadLetter, countRedelivery } from './event-metrics.js';
import { EventHandlers, type Subscription } from './event-handlers.js';
import { EventProcessor } from './event-processor.js';
import { HandlerFailures } from './handler-failures.js';
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
  private readonly failures = new HandlerFailures();
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
    const { contract, durable } = subscription;
    if (message.deliveryCount > 1) countRedelivery(durable);
    let event: EventEnvelope;
    try {
      event = readEvent(contract, parseMessage(message.text()));
    } catch (error) {
      await this.giveUp(subscription, message, error);
      return;
    }
    try {
      await this.processor.process(subscription, event);
    } catch (error) {
      await this.fail(subscription, message, event.id, error);
      return;
    }
    this.failures.settle(durable, event.id);
    message.ack();
  }

  private async fail(
    subscription: Subscription,
    message: DeliveredMessage,
    eventId: string,
    error: unknown,
  ): Promise<void> {
    const { durable } = subscription;
    const isTooSlow = isTimeout(error);
    if (isPlatformFault(error) && !isTooSlow) {
      this.handBack(message, message.deliveryCount, `${durable}: the platform failed`, error);
      return;
    }
    const failures = this.failures.add(durable, eventId, isTooSlow ? 0.5 : 1);
    if (failures < this.options.maxAttempts) {
      this.handBack(
        message,
        failures,
        `${durable}: failed, ${failures} of ${this.options.maxAttempts} attempts used`,
        error,
      );
      return;
    }
    if (await this.giveUp(subscription, message, error)) this.failures.settle(durable, eventId);
  }

  /** @returns false when the dead letter could not be written; the event comes again then */
  private async giveUp(
    subscription: Subscription,
    message: DeliveredMessage,
    error: unknown,
  ): Promise<boolean> {
    const { durable } = subscription;
    const { deliveryCount } = message;
    try {
      await this.deadLetters.write(subscription, message, error);
    } catch (writeError) {
      this.handBack(message, deliveryCount, `${durable}: could not write a dead letter`, writeError);
      return false;
    }
    this.logger.error(`${durable}: gave up after ${deliveryCount} deliveries, see the dead letters`, error);
    countDeadLetter(durable);
    message.terminate();
    return true;
  }

  private handBack(message: DeliveredMessage, attempt: number, what: string, error: unknown): void {
    const delayMs = backoffMs(attempt, BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS);
    this.logger.warn(`${what}, again in ${delayMs} ms`, error);
    message.nak(delayMs);
  }
}
