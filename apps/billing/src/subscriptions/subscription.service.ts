import { Injectable } from '@nestjs/common';
import { entitlementsChanged, type ResponseOf, type subscriptionGet } from '@capsule/contracts';
import { Database, together, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { Outbox } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { periodAt } from '../periods/period.js';
import type { Subscription } from './subscription.entity.js';
import { type Granted, SubscriptionRepository } from './subscription.repository.js';

@Injectable()
export class SubscriptionService {
  constructor(
    private readonly database: Database,
    private readonly repository: SubscriptionRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Puts a customer on a plan. May be issued together with what makes the customer, behind it; when that makes none,
   * neither does this anything.
   * @returns what the tenant may use; undefined when there is no such customer or plan
   */
  async start(
    tx: Transaction,
    subscription: Pick<Subscription, 'customerId' | 'planCode' | 'currency' | 'anchor'>,
  ): Promise<Granted | undefined> {
    const [granted] = await together([
      this.repository.grantEntitlements(tx, subscription),
      this.repository.insert(tx, subscription),
    ]);
    return granted;
  }

  /** Tells the other services what the tenant may use, and commits. */
  async announce(tx: Transaction, planCode: string, { version, entitlements }: Granted): Promise<void> {
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
