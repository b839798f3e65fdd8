import { Injectable } from '@nestjs/common';
import {
  type DataOf,
  entitlementsChanged,
  type EventEnvelope,
  organizationCreated,
} from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { OrganizationRepository } from './organization.repository.js';
import { QuotaRepository } from './quota.repository.js';

@Injectable()
export class OrganizationConsumer {
  constructor(
    private readonly organizations: OrganizationRepository,
    private readonly quotas: QuotaRepository,
  ) {}

  @OnEvent(organizationCreated)
  async onOrganizationCreated(
    { data }: EventEnvelope<DataOf<typeof organizationCreated>>,
    tx: Transaction,
  ): Promise<void> {
    const { organizationId: id, name, slug } = data;
    await tx.commitWith(() => this.organizations.upsert(tx, { id, name, slug }));
  }

  @OnEvent(entitlementsChanged)
  async onEntitlementsChanged(
    { data }: EventEnvelope<DataOf<typeof entitlementsChanged>>,
    tx: Transaction,
  ): Promise<void> {
    await tx.commitWith(() => this.quotas.upsertNewer(tx, data));
  }
}
