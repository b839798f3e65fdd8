import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { OrganizationEntity } from './organization.entity.js';

const UPSERT = {
  name: 'organization-upsert',
  text: `INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)
         ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE SET name = excluded.name, slug = excluded.slug`,
};

@Injectable()
export class OrganizationRepository {
  find(tx: Transaction): Promise<OrganizationEntity | null> {
    return tx.manager.findOneBy(OrganizationEntity, { tenantId: tx.tenantId ?? undefined });
  }

  async upsert(tx: Transaction, organization: { id: string; name: string; slug: string }): Promise<void> {
    await tx.query(UPSERT, [organization.id, organization.name, organization.slug]);
  }
}
