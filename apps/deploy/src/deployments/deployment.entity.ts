import type { DeploymentFailureReason, DeploymentState } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';
import { byteCount } from '../byte-count.js';

@Entity('deployments')
export class DeploymentEntity extends AuditedEntity {
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'project_id' })
  projectId!: string;

  @Column('uuid', { name: 'app_id' })
  appId!: string;

  /** Counts the deployments of the app: the higher one is the newer one. */
  @Column('integer')
  number!: number;

  @Column('text', { default: 'created' })
  state!: DeploymentState;

  @Column('text', { name: 'source_type' })
  sourceType!: 'archive' | 'git';

  @Column('uuid', { name: 'archive_id', nullable: true })
  archiveId!: string | null;

  @Column('bigint', { name: 'archive_size_bytes', nullable: true, transformer: byteCount })
  archiveSizeBytes!: number | null;

  @Column({ type: 'timestamptz', name: 'archive_deleted_at', precision: 3, nullable: true })
  archiveDeletedAt!: Date | null;

  @Column('text', { name: 'source_digest', nullable: true })
  sourceDigest!: string | null;

  @Column('text', { name: 'git_url', nullable: true })
  gitUrl!: string | null;

  @Column('text', { name: 'git_ref', nullable: true })
  gitRef!: string | null;

  @Column('text', { name: 'git_commit', nullable: true })
  gitCommit!: string | null;

  @Column('uuid', { name: 'rollback_of', nullable: true })
  rollbackOf!: string | null;

  @Column('uuid', { name: 'artifact_id', nullable: true })
  artifactId!: string | null;

  @Column('text', { name: 'failure_reason', nullable: true })
  failureReason!: DeploymentFailureReason | null;

  @Column('text', { name: 'failure_detail', nullable: true })
  failureDetail!: string | null;

  /** Set by a cancel that something runs for still; it becomes `canceled` when that is gone. */
  @Column({ type: 'timestamptz', name: 'cancel_requested_at', precision: 3, nullable: true })
  cancelRequestedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'live_at', precision: 3, nullable: true })
  liveAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;
}
