import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** What deploy needs to know of auth's organization. */
@Entity('organizations')
export class OrganizationEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  slug!: string;
}
