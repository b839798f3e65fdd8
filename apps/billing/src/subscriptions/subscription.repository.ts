import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { Entitlement } from './entitlement.entity.js';
import { Subscription } from './subscription.entity.js';

const INSERT = {
  name: 'subscription_insert',
  text: `INSERT INTO subscriptions (id, tenant_id, customer_id, plan_code, currency, status, anchor)
         VALUES ($1, $2, $3, $4, $5, 'active', $6)`,
};

const GRANT = {
  name: 'entitlements_grant',
  text: `INSERT INTO entitlements AS e (id, tenant_id, plan_code, version, entitlements)
         SELECT $1, $2, p.code, 1, p.entitlements FROM plans p WHERE p.code = $3
         ON CONFLICT ON CONSTRAINT uq_entitlements__tenant_id DO UPDATE
         SET plan_code = excluded.plan_code, entitlements = excluded.entitlements, version = e.version + 1
         RETURNING version, entitlements`,
};

@Injectable()
export class SubscriptionRepository {
  async insert(
    tx: Transaction,
    subscription: Pick<Subscription, 'customerId' | 'planCode' | 'currency' | 'anchor'>,
  ): Promise<void> {
    const { customerId, planCode, currency, anchor } = subscription;
    await tx.query(INSERT, [uuidv7(), tx.tenantId, customerId, planCode, currency, anchor]);
  }

  async findActive(tx: Transaction): Promise<Subscription | null> {
    return tx.manager.findOneBy(Subscription, { tenantId: tx.tenantId ?? '', status: 'active' });
  }

  /**
   * Allows the tenant what the plan allows.
   * @returns what was granted; undefined when there is no such plan
   */
  async grantEntitlements(
    tx: Transaction,
    planCode: string,
  ): Promise<Pick<Entitlement, 'version' | 'entitlements'> | undefined> {
    const [granted] = await tx.query<Pick<Entitlement, 'version' | 'entitlements'>>(GRANT, [
      uuidv7(),
      tx.tenantId,
      planCode,
    ]);
    return granted;
  }

  async findEntitlement(tx: Transaction): Promise<Entitlement | null> {
    return tx.manager.findOneBy(Entitlement, { tenantId: tx.tenantId ?? '' });
  }
}
