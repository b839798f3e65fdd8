import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** A sign-in, and the family of all refresh tokens that descend from it. */
@Entity('sessions')
export class Session extends AuditedEntity {
  @Column({ name: 'tenant_id', type: 'uuid' })
  tenantId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt!: Date | null;
}
