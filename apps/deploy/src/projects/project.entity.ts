import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

@Entity('projects')
export class ProjectEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text')
  name!: string;
}
