import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { Membership } from './membership.entity.js';
import { Organization } from './organization.entity.js';

// One statement, so one round trip; the key of the membership is checked at its end.
const INSERT = {
  name: 'organization-insert',
  text: `WITH founded AS (
           INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)
           ON CONFLICT ON CONSTRAINT uq_organizations__slug DO NOTHING
           RETURNING id, created_at
         ), owner AS (
           INSERT INTO memberships (id, tenant_id, user_id, role) SELECT $4, id, $5, 'owner' FROM founded
         )
         SELECT created_at AS "createdAt" FROM founded`,
};

const INSERT_MEMBERSHIP = {
  name: 'membership-insert',
  text: `INSERT INTO memberships (id, tenant_id, user_id, role) VALUES ($1, $2, $3, $4)
         RETURNING created_at AS "createdAt"`,
};

@Injectable()
export class OrganizationRepository {
  /**
   * Inserts the transaction's tenant with its first membership. Waits for whoever is about to take the same slug.
   * @returns when it was created; undefined when the slug is taken, and then the transaction goes on
   */
  async insert(
    tx: Transaction,
    { name, slug, ownerId }: { name: string; slug: string; ownerId: string },
  ): Promise<Date | undefined> {
    const [row] = await tx.query<{ createdAt: Date }>(INSERT, [tx.tenantId, name, slug, uuidv7(), ownerId]);
    return row?.createdAt;
  }

  async find(tx: Transaction): Promise<Organization | null> {
    return tx.manager.findOneBy(Organization, { tenantId: tx.tenantId ?? '' });
  }

  /** @returns when it was created */
  async insertMembership(
    tx: Transaction,
    { userId, role }: Pick<Membership, 'userId' | 'role'>,
  ): Promise<Date> {
    const parameters = [uuidv7(), tx.tenantId, userId, role];
    const [row] = await tx.query<{ createdAt: Date }>(INSERT_MEMBERSHIP, parameters);
    if (!row) throw new Error('An insert returned no row.');
    return row.createdAt;
  }

  async findMembership(tx: Transaction, userId: string): Promise<Membership | null> {
    return tx.manager.findOneBy(Membership, { tenantId: tx.tenantId ?? '', userId });
  }
}
