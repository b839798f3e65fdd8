import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { Entitlement } from './entitlement.entity.js';
import { Subscription } from './subscription.entity.js';

const INSERT = {
  name: 'subscription-insert',
  text: `INSERT INTO subscriptions (id, tenant_id, customer_id, plan_code, currency, status, anchor)
         SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5, 'active', $6::timestamptz
         WHERE EXISTS (SELECT FROM customers c WHERE c.tenant_id = $2 AND c.id = $3)`,
};

const GRANT = {
  name: 'entitlements-grant',
  text: `INSERT INTO entitlements AS e (id, tenant_id, plan_code, version, entitlements)
         SELECT $1, $2, p.code, 1, p.entitlements FROM plans p
         WHERE p.code = $3 AND EXISTS (SELECT FROM customers c WHERE c.tenant_id = $2 AND c.id = $4)
         ON CONFLICT ON CONSTRAINT uq_entitlements__tenant_id DO UPDATE
         SET plan_code = excluded.plan_code, entitlements = excluded.entitlements, version = e.version + 1
         RETURNING version, entitlements`,
};

/** What a tenant may use, and the number of that change. */
export type Granted = Pick<Entitlement, 'version' | 'entitlements'>;

@Injectable()
export class SubscriptionRepository {
  /** Does nothing when the tenant has no such customer. */
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
   * @returns what was granted; undefined when there is no such customer or plan
   */
  async grantEntitlements(
    tx: Transaction,
    { customerId, planCode }: Pick<Subscription, 'customerId' | 'planCode'>,
  ): Promise<Granted | undefined> {
    const [granted] = await tx.query<Granted>(GRANT, [uuidv7(), tx.tenantId, planCode, customerId]);
    return granted;
  }

  async findEntitlement(tx: Transaction): Promise<Entitlement | null> {
    return tx.manager.findOneBy(Entitlement, { tenantId: tx.tenantId ?? '' });
  }
}
