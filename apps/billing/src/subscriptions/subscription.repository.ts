import { Injectable } from '@nestjs/common';
import type { Entitlements } from '@capsule/contracts';
import { type Transaction, uuidv7 } from '@capsule/database';
import { Entitlement } from './entitlement.entity.js';
import { Subscription } from './subscription.entity.js';

const GRANT = {
  name: 'entitlements_grant',
  text: `INSERT INTO entitlements AS e (id, tenant_id, plan_code, version, entitlements) VALUES ($1, $2, $3, 1, $4)
         ON CONFLICT ON CONSTRAINT uq_entitlements__tenant_id DO UPDATE
         SET plan_code = excluded.plan_code, entitlements = excluded.entitlements, version = e.version + 1
         RETURNING version`,
};

@Injectable()
export class SubscriptionRepository {
  async insert(
    tx: Transaction,
    subscription: Pick<Subscription, 'customerId' | 'planCode' | 'currency' | 'anchor'>,
  ): Promise<void> {
    const tenantId = tx.tenantId ?? '';
    await tx.manager.insert(Subscription, { id: uuidv7(), tenantId, status: 'active', ...subscription });
  }

  async findActive(tx: Transaction): Promise<Subscription | null> {
    return tx.manager.findOneBy(Subscription, { tenantId: tx.tenantId ?? '', status: 'active' });
  }

  /** @returns the version of what was granted */
  async grantEntitlements(
    tx: Transaction,
    granted: { planCode: string; entitlements: Entitlements },
  ): Promise<number> {
    const { planCode, entitlements } = granted;
    const values = [uuidv7(), tx.tenantId, planCode, JSON.stringify(entitlements)];
    const [row] = await tx.query<{ version: number }>(GRANT, values);
    if (!row) throw new Error('An upsert returned no row.');
    return row.version;
  }

  async findEntitlement(tx: Transaction): Promise<Entitlement | null> {
    return tx.manager.findOneBy(Entitlement, { tenantId: tx.tenantId ?? '' });
  }
}
