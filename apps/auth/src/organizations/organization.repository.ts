import { Injectable } from '@nestjs/common';
import type { Role } from '@capsule/contracts';
import { type Transaction, uuidv7 } from '@capsule/database';
import { Membership } from './membership.entity.js';
import { Organization } from './organization.entity.js';

const INSERT = {
  name: 'organization_insert',
  text: `INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)
         ON CONFLICT ON CONSTRAINT uq_organizations__slug DO NOTHING
         RETURNING id`,
};

@Injectable()
export class OrganizationRepository {
  /**
   * Waits for whoever is about to take the same slug.
   * @returns false when it is taken; the transaction goes on
   */
  async insert(tx: Transaction, organization: { id: string; name: string; slug: string }): Promise<boolean> {
    const { id, name, slug } = organization;
    return (await tx.query(INSERT, [id, name, slug])).length === 1;
  }

  async find(tx: Transaction): Promise<Organization | null> {
    return tx.manager.findOneBy(Organization, { tenantId: tx.tenantId ?? '' });
  }

  async insertMembership(tx: Transaction, membership: { userId: string; role: Role }): Promise<void> {
    await tx.manager.insert(Membership, { id: uuidv7(), tenantId: tx.tenantId ?? '', ...membership });
  }

  async findMembership(tx: Transaction, userId: string): Promise<Membership | null> {
    return tx.manager.findOneBy(Membership, { tenantId: tx.tenantId ?? '', userId });
  }
}
