import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

export type InstanceState = 'starting' | 'healthy' | 'draining' | 'exited';

@Entity('instances')
export class InstanceEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'app_id' })
  appId!: string;

  @Column('uuid', { name: 'deployment_id' })
  deploymentId!: string;

  @Column('text', { default: 'starting' })
  state!: InstanceState;

  /** Whether the edge sends requests here, or is about to. */
  @Column('boolean', { default: false })
  routed!: boolean;

  @Column('text', { name: 'address_host', nullable: true })
  addressHost!: string | null;

  @Column('integer', { name: 'address_port', nullable: true })
  addressPort!: number | null;

  @Column('text', { name: 'memory_limit' })
  memoryLimit!: 'cgroup' | 'watchdog';

  /** How many instances of the deployment ended in a row before this one. */
  @Column('integer', { default: 0 })
  restarts!: number;

  @Column({ type: 'timestamptz', name: 'observed_at', precision: 3, nullable: true })
  observedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'healthy_at', precision: 3, nullable: true })
  healthyAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'drain_until', precision: 3, nullable: true })
  drainUntil!: Date | null;

  @Column({ type: 'timestamptz', name: 'exited_at', precision: 3, nullable: true })
  exitedAt!: Date | null;

  @Column('text', { name: 'exit_detail', nullable: true })
  exitDetail!: string | null;
}
