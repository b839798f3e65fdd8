import type { Role } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

@Entity('memberships')
export class Membership extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  role!: Role;
}
