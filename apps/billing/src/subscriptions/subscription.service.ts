import { Injectable } from '@nestjs/common';
import { entitlementsChanged, type ResponseOf, type subscriptionGet } from '@capsule/contracts';
import { Database, together, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { Outbox } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { periodAt } from '../periods/period.js';
import type { Subscription } from './subscription.entity.js';
import { SubscriptionRepository } from './subscription.repository.js';

@Injectable()
export class SubscriptionService {
  constructor(
    private readonly database: Database,
    private readonly repository: SubscriptionRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Puts the tenant on a plan and commits: what it may use, and the event that tells so, go with the subscription. */
  async start(
    tx: Transaction,
    subscription: Pick<Subscription, 'customerId' | 'planCode' | 'currency' | 'anchor'>,
  ): Promise<void> {
    const { planCode } = subscription;
    const [granted] = await together([
      this.repository.grantEntitlements(tx, planCode),
      this.repository.insert(tx, subscription),
    ]);
    if (!granted) throw new DomainError('billing.plan.not_found');
    const { version, entitlements } = granted;
    const organizationId = tx.tenantId ?? '';
    const changed = { organizationId, planCode, version, entitlements };
    await tx.commitWith(() => this.outbox.add(tx, entitlementsChanged, changed, { subject: organizationId }));
  }

  /** @throws DomainError billing.customer.not_ready until the event of the organization has arrived */
  async getActive(tx: Transaction): Promise<Subscription> {
    const subscription = await this.repository.findActive(tx);
    if (!subscription) throw notReady();
    return subscription;
  }

  /** @throws DomainError billing.customer.not_ready */
  async get(): Promise<ResponseOf<typeof subscriptionGet>> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      const { planCode, currency, status, anchor } = await this.getActive(tx);
      const granted = await this.repository.findEntitlement(tx);
      if (!granted) throw notReady();
      const { start, end } = periodAt(anchor, new Date());
      return {
        planCode,
        currency,
        status,
        currentPeriodStart: start.toISOString(),
        currentPeriodEnd: end.toISOString(),
        entitlements: granted.entitlements,
      };
    });
  }
}

function notReady(): DomainError {
  return new DomainError('billing.customer.not_ready', { retryAfterSeconds: 1 });
}
