import { Injectable } from '@nestjs/common';
import { memberAdded, organizationCreated, type Role } from '@capsule/contracts';
import { together, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { Outbox } from '@capsule/outbox';
import type { Membership } from './membership.entity.js';
import { OrganizationRepository } from './organization.repository.js';
import { organizationView, type OrganizationView } from './organization.view.js';
import { slugOf, withSuffix } from './slug.js';

/** With 600,000 suffixes a name that thousands have taken still finds one within a few. */
const SLUG_ATTEMPTS_MAX = 8;

@Injectable()
export class OrganizationService {
  constructor(
    private readonly repository: OrganizationRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Creates the transaction's tenant with its first member, its owner. The user must be inserted in the same
   * transaction, after this, and the other services be told.
   */
  async found(tx: Transaction, name: string, ownerId: string): Promise<OrganizationView> {
    const { slug, createdAt } = await this.insertWithFreeSlug(tx, name, ownerId);
    return { id: tx.tenantId ?? '', name, slug, createdAt: createdAt.toISOString() };
  }

  /** Tells the other services of an organization that this transaction founds, and of its first member. */
  async announce(
    tx: Transaction,
    { id: organizationId, ...organization }: OrganizationView,
    owner: { id: string; email: string; name: string },
  ): Promise<void> {
    const { id: userId, email, name } = owner;
    const founded = { organizationId, ...organization, ownerUserId: userId, ownerEmail: email };
    const { createdAt: addedAt } = organization;
    const member = { organizationId, userId, email, name, role: 'owner' as const, addedAt };
    await together([
      this.outbox.add(tx, organizationCreated, founded, { subject: organizationId }),
      this.outbox.add(tx, memberAdded, member, { subject: userId }),
    ]);
  }

  /**
   * Makes a user a member of the transaction's tenant, and tells the other services. Who is new must be inserted in the
   * same transaction, after this.
   */
  async addMember(
    tx: Transaction,
    { id: userId, email, name, role }: { id: string; email: string; name: string; role: Role },
  ): Promise<void> {
    const addedAt = (await this.repository.insertMembership(tx, { userId, role })).toISOString();
    const member = { organizationId: tx.tenantId ?? '', userId, email, name, role, addedAt };
    await this.outbox.add(tx, memberAdded, member, { subject: userId });
  }

  /** @throws DomainError auth.organization.not_found */
  async get(tx: Transaction): Promise<OrganizationView> {
    const organization = await this.repository.find(tx);
    if (!organization) throw new DomainError('auth.organization.not_found');
    return organizationView(organization);
  }

  async findMembership(tx: Transaction, userId: string): Promise<Membership | null> {
    return this.repository.findMembership(tx, userId);
  }

  private async insertWithFreeSlug(
    tx: Transaction,
    name: string,
    ownerId: string,
  ): Promise<{ slug: string; createdAt: Date }> {
    const wanted = slugOf(name);
    let slug = wanted;
    for (let attempt = 1; attempt <= SLUG_ATTEMPTS_MAX; attempt += 1) {
      const createdAt = await this.repository.insert(tx, { name, slug, ownerId });
      if (createdAt) return { slug, createdAt };
      slug = withSuffix(wanted);
    }
    throw new DomainError('platform.request.conflict', {
      detail: 'No short name is free for the organization.',
    });
  }
}
