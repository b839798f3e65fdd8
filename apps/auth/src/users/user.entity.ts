import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** A person; visible in a tenant through a membership only. */
@Entity('users')
export class User extends AuditedEntity {
  /** As it was typed; unique without regard to case. */
  @Column({ type: 'text' })
  email!: string;

  @Column({ type: 'text' })
  name!: string;

  /** Not read unless asked for. */
  @Column({ name: 'password_hash', type: 'text', select: false })
  passwordHash!: string;
}
