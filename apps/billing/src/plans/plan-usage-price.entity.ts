import type { Currency, Meter } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

@Entity('plan_usage_prices')
export class PlanUsagePrice extends AuditedEntity {
  @Column({ name: 'plan_code', type: 'text' })
  planCode!: string;

  @Column({ type: 'text' })
  currency!: Currency;

  @Column({ type: 'text' })
  meter!: Meter;

  /** Decimal; free of charge in each period. */
  @Column({ name: 'included_quantity', type: 'numeric', precision: 29, scale: 9 })
  includedQuantity!: string;

  /** Decimal; minor units for each further unit. */
  @Column({ name: 'unit_amount_minor', type: 'numeric', precision: 24, scale: 12 })
  unitAmountMinor!: string;
}
