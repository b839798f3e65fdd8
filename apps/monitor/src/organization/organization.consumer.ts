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

/** Keeps what monitor needs of an organization. The two events come in any order, so each makes the row. */
@Injectable()
export class OrganizationConsumer {
  constructor(private readonly organizations: OrganizationRepository) {}

  @OnEvent(organizationCreated)
  async onOrganizationCreated(
    event: EventEnvelope<DataOf<typeof organizationCreated>>,
    tx: Transaction,
  ): Promise<void> {
    await this.organizations.upsertName(tx, event.data.name);
  }

  @OnEvent(entitlementsChanged)
  async onEntitlementsChanged(
    event: EventEnvelope<DataOf<typeof entitlementsChanged>>,
    tx: Transaction,
  ): Promise<void> {
    const { entitlements, version } = event.data;
    await this.organizations.upsertRetention(tx, entitlements.metricsRetentionDays, version);
  }
}
