import type { Meter } from '@capsule/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The ledger: one row per event and meter, never changed. */
@Entity('usage_records')
export class UsageRecord {
  @PrimaryColumn({ type: 'uuid', default: () => 'uuid_generate_v4()' })
  id!: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'subscription_id', type: 'uuid' })
  subscriptionId!: string;

  @Column({ name: 'event_id', type: 'uuid' })
  eventId!: string;

  @Column({ name: 'app_id', type: 'uuid' })
  appId!: string;

  @Column({ type: 'text' })
  meter!: Meter;

  @Column({ name: 'window_start', type: 'timestamptz', precision: 3 })
  windowStart!: Date;

  @Column({ name: 'window_end', type: 'timestamptz', precision: 3 })
  windowEnd!: Date;

  @Column({ type: 'numeric', precision: 29, scale: 9 })
  quantity!: string;
}
