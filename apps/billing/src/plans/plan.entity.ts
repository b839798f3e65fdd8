import type { Entitlements } from '@capsule/contracts';
import { AuditedEntity } from '@capsule/database';
import { Column, Entity } from 'typeorm';

/** The catalogue is the same for every tenant and changed by migrations only. */
@Entity('plans')
export class Plan extends AuditedEntity {
  @Column({ type: 'text' })
  code!: string;

  @Column({ type: 'text' })
  name!: string;

  /** Order in which plans are shown. */
  @Column({ type: 'integer' })
  position!: number;

  @Column({ type: 'jsonb' })
  entitlements!: Entitlements;
}
