import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';
import { byteCount } from '../byte-count.js';

/** What billing allows the organization. */
@Entity('quotas')
export class QuotaEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text', { name: 'plan_code' })
  planCode!: string;

  @Column('bigint', { transformer: byteCount })
  version!: number;

  @Column('integer', { name: 'max_projects' })
  maxProjects!: number;

  @Column('integer', { name: 'max_apps' })
  maxApps!: number;

  @Column('integer', { name: 'max_concurrent_builds' })
  maxConcurrentBuilds!: number;

  @Column('bigint', { name: 'max_instance_memory_bytes', transformer: byteCount })
  maxInstanceMemoryBytes!: number;
}
