import { BeforeInsert, Column, PrimaryColumn } from 'typeorm';
import { uuidv7 } from './uuid.js';

/**
 * What every table of a service begins with. The id is made here, so that it is known before the insert; the database
 * keeps the rest: defaults and the set_updated_at trigger take the actor from the transaction's context.
 */
export abstract class AuditedEntity {
  @PrimaryColumn({ type: 'uuid', default: () => 'uuid_generate_v4()' })
  id!: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()', update: false })
  createdAt!: Date;

  /**
   * After an update, what it was before: read the row again to know. TypeORM's own update date would be read back, but
   * also written, and the app role may write only the columns that it changes.
   */
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()', update: false })
  updatedAt!: Date;

  @Column({
    name: 'created_by',
    type: 'text',
    nullable: true,
    default: () => "NULLIF(current_setting('app.actor_id', true), '')",
    update: false,
  })
  createdBy!: string | null;

  @Column({
    name: 'updated_by',
    type: 'text',
    nullable: true,
    default: () => "NULLIF(current_setting('app.actor_id', true), '')",
    update: false,
  })
  updatedBy!: string | null;

  @BeforeInsert()
  protected assignId(): void {
    this.id ??= uuidv7();
  }
}
