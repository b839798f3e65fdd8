import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** A tenant: its id is what every row of it carries as `tenantId`, in every service. */
@Entity('organizations')
export class Organization extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  slug!: string;
}
