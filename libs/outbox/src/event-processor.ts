import { Inject, Injectable } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { inSpan, runInContext, type RequestContext } from '@capsule/telemetry';
import { countDuplicate, observeEventLag } from './event-metrics.js';
import type { Subscription } from './event-handlers.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';

const REMEMBER = {
  name: 'inbox-remember',
  text: `INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3)
         ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id`,
};

/** Gives an event its effect, once: in one transaction with the row that remembers it. */
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
    const work = async (tx: Transaction): Promise<void> => {
      if (await this.isNew(subscription, envelope, tx)) {
        for (const handler of subscription.handlers) await handler(envelope, tx);
      } else {
        tx.afterCommit(() => countDuplicate(durable));
      }
      await alongside?.(tx);
    };
    await runInContext(context, () =>
      inSpan(durable, { 'messaging.system': 'nats' }, () => this.commit(envelope.tenantid, work), 'consumer'),
    );
    observeEventLag(durable, new Date(envelope.time));
  }

  private commit(tenantId: string | undefined, work: (tx: Transaction) => Promise<void>): Promise<void> {
    return tenantId === undefined
      ? this.database.withoutTenant(work)
      : this.database.withTenant(tenantId, work);
  }

  private async isNew(
    { contract, durable }: Subscription,
    event: EventEnvelope,
    tx: Transaction,
  ): Promise<boolean> {
    if (contract.kind === 'measurement' || this.options.inbox === 'off') return true;
    const rows = await tx.query(REMEMBER, [durable, event.id, tx.tenantId]);
    return rows.length > 0;
  }
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
