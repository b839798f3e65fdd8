import { Injectable } from '@nestjs/common';
import { type DataOf, type EventEnvelope, memberAdded } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { UserRepository } from './user.repository.js';

/** Keeps each tenant's copy of its members. Auth's events are the only writer; no request is. */
@Injectable()
export class UserConsumer {
  constructor(
    private readonly schemas: TenantSchemaService,
    private readonly users: UserRepository,
  ) {}

  @OnEvent(memberAdded)
  async onMemberAdded({ data }: EventEnvelope<DataOf<typeof memberAdded>>, tx: Transaction): Promise<void> {
    const { userId: id, email, name, role, addedAt: joinedAt } = data;
    const member = { id, email, name, role, joinedAt };
    // A sign-up brings the member and the organization at once, so the tables are usually not there yet.
    const tables = await this.schemas.tablesForEvent(tx);
    await tx.commitWith(() =>
      tables === null ? this.users.upsertWaiting(tx, member) : this.users.upsert(tx, tables, member),
    );
  }
}
