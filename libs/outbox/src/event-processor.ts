import { Inject, Injectable } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { Database, type Transaction, violatedConstraint } from '@capsule/database';
import { inSpan, runInContext, type RequestContext } from '@capsule/telemetry';
import { countDuplicate, observeEventLag } from './event-metrics.js';
import type { Subscription } from './event-handlers.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';

const REMEMBER = {
  name: 'inbox-remember',
  text: 'INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3)',
};

/** The event has had its effect before. */
class Duplicate extends Error {}

/**
 * Gives an event its effect, once: in one transaction with the row that remembers it. The handlers don't wait for that
 * row: their first statement goes to the database behind it in the same round trip, and when the row was there already
 * nothing behind it is run and the transaction is rolled back.
 */
@Injectable()
export class EventProcessor {
  constructor(
    private readonly database: Database,
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
  ) {}

  /**
   * Commits the effect, or finds that it had been before.
   * @param alongside further work of the same transaction
   * @throws what a handler throws; nothing is committed then
   */
  async process(
    subscription: Subscription,
    envelope: EventEnvelope,
    alongside?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    const { durable } = subscription;
    const context = contextOf(envelope, this.options.service);
    const work = async (): Promise<void> => {
      try {
        await this.commit(envelope.tenantid, async (tx) => {
          if (alongside || subscription.handlers.length > 1) tx.keepOpen();
          await this.handle(subscription, envelope, tx);
          await alongside?.(tx);
        });
      } catch (error) {
        if (!(error instanceof Duplicate)) throw error;
        countDuplicate(durable);
        if (alongside) await this.commit(envelope.tenantid, alongside);
      }
    };
    await runInContext(context, () => inSpan(durable, { 'messaging.system': 'nats' }, work, 'consumer'));
    observeEventLag(durable, new Date(envelope.time));
  }

  private commit(tenantId: string | undefined, work: (tx: Transaction) => Promise<void>): Promise<void> {
    return tenantId === undefined
      ? this.database.withoutTenant(work)
      : this.database.withTenant(tenantId, work);
  }

  private async handle(subscription: Subscription, event: EventEnvelope, tx: Transaction): Promise<void> {
    const remembered = this.remember(subscription, event, tx);
    const handled = handleInTurn(subscription, event, tx);
    // Behind a duplicate the handlers fail too; which of the two came first is told by `remembered`.
    handled.catch(() => undefined);
    await remembered;
    await handled;
  }

  /** @throws Duplicate */
  private async remember(
    { contract, durable }: Subscription,
    event: EventEnvelope,
    tx: Transaction,
  ): Promise<void> {
    if (contract.kind === 'measurement' || this.options.inbox === 'off') return;
    try {
      await tx.query(REMEMBER, [durable, event.id, tx.tenantId]);
    } catch (error) {
      throw violatedConstraint(error) === 'pk_inbox' ? new Duplicate() : error;
    }
  }
}

async function handleInTurn(
  { handlers }: Subscription,
  event: EventEnvelope,
  tx: Transaction,
): Promise<void> {
  for (const handler of handlers) await handler(event, tx);
}

/** The effect is made on behalf of whoever caused the event, under the request's id. */
function contextOf(envelope: EventEnvelope, service: string): RequestContext {
  return {
    requestId: envelope.requestid ?? envelope.id,
    traceparent: envelope.traceparent,
    tenantId: envelope.tenantid,
    actor: envelope.actor ?? { type: 'system', id: service },
  };
}
