import type { Currency } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

@Entity('plan_prices')
export class PlanPrice extends AuditedEntity {
  @Column({ name: 'plan_code', type: 'text' })
  planCode!: string;

  @Column({ type: 'text' })
  currency!: Currency;

  /** Integer in decimal digits. */
  @Column({ name: 'monthly_amount_minor', type: 'bigint' })
  monthlyAmountMinor!: string;
}
