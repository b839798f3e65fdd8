import type { Currency } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** A tenant has at most one active subscription. */
@Entity('subscriptions')
export class Subscription extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'customer_id', type: 'uuid' })
  customerId!: string;

  @Column({ name: 'plan_code', type: 'text' })
  planCode!: string;

  @Column({ type: 'text' })
  currency!: Currency;

  @Column({ type: 'text' })
  status!: 'active';

  /** Period n starts n months after this instant. */
  @Column({ type: 'timestamptz', precision: 3 })
  anchor!: Date;
}
