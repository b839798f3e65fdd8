import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';
import { byteCount } from '../byte-count.js';

@Entity('apps')
export class AppEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'project_id' })
  projectId!: string;

  @Column('text')
  name!: string;

  /** One DNS label, unique over all organizations. */
  @Column('text')
  host!: string;

  @Column('text', { name: 'health_path' })
  healthPath!: string;

  @Column('text', { array: true, nullable: true })
  command!: string[] | null;

  @Column('bigint', { name: 'memory_limit_bytes', transformer: byteCount })
  memoryLimitBytes!: number;
}
