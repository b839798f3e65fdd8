import { Injectable } from '@nestjs/common';
import {
  type DataOf,
  entitlementsChanged,
  type EventEnvelope,
  organizationCreated,
} from '@capsule/contracts';
import { together, type Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { TenantService } from '../tenant/tenant.service.js';
import { OrganizationRepository } from './organization.repository.js';

/** Keeps what monitor needs of an organization. The two events come in any order, so each makes the row. */
@Injectable()
export class OrganizationConsumer {
  constructor(
    private readonly organizations: OrganizationRepository,
    private readonly tenants: TenantService,
  ) {}

  @OnEvent(organizationCreated)
  async onOrganizationCreated(
    event: EventEnvelope<DataOf<typeof organizationCreated>>,
    tx: Transaction,
  ): Promise<void> {
    const { name, slug } = event.data;
    await tx.commitWith(() =>
      together([this.organizations.upsertName(tx, name), this.tenants.register(tx, { name, domain: slug })]),
    );
  }

  @OnEvent(entitlementsChanged)
  async onEntitlementsChanged(
    event: EventEnvelope<DataOf<typeof entitlementsChanged>>,
    tx: Transaction,
  ): Promise<void> {
    const { entitlements, planCode, version } = event.data;
    const retentionDays = entitlements.metricsRetentionDays;
    await tx.commitWith(() =>
      together([
        this.organizations.upsertPlan(tx, planCode, retentionDays, version),
        this.tenants.changePlan(tx, planCode, version),
      ]),
    );
  }
}
