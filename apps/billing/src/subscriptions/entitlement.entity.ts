import type { Entitlements } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** What a tenant may use now. */
@Entity('entitlements')
export class Entitlement extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'plan_code', type: 'text' })
  planCode!: string;

  /** Grows with every change. */
  @Column({ type: 'integer' })
  version!: number;

  @Column({ type: 'jsonb' })
  entitlements!: Entitlements;
}
