import type { Meter } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** The sum of an app's records of one meter in one period, kept in the transaction of each record. */
@Entity('usage_totals')
export class UsageTotal extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'subscription_id', type: 'uuid' })
  subscriptionId!: string;

  @Column({ name: 'period_number', type: 'integer' })
  periodNumber!: number;

  @Column({ type: 'text' })
  meter!: Meter;

  @Column({ name: 'app_id', type: 'uuid' })
  appId!: string;

  @Column({ type: 'numeric', precision: 38, scale: 9 })
  quantity!: string;
}
