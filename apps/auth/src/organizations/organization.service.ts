import { Injectable } from '@nestjs/common';
import { organizationCreated } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { Outbox } from '@capsule/outbox';
import type { Membership } from './membership.entity.js';
import type { Organization } from './organization.entity.js';
import { OrganizationRepository } from './organization.repository.js';
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
   * Creates the transaction's tenant with its first member, its owner, and tells the other services.
   * The user must be inserted in the same transaction, after this.
   */
  async found(
    tx: Transaction,
    organization: { id: string; name: string },
    owner: { id: string; email: string },
  ): Promise<Organization> {
    await this.insertWithFreeSlug(tx, organization);
    await this.repository.insertMembership(tx, { userId: owner.id, role: 'owner' });
    const created = await this.get(tx);
    await this.outbox.add(
      tx,
      organizationCreated,
      {
        organizationId: created.id,
        name: created.name,
        slug: created.slug,
        ownerUserId: owner.id,
        ownerEmail: owner.email,
        createdAt: created.createdAt.toISOString(),
      },
      { subject: created.id },
    );
    return created;
  }

  /** @throws DomainError auth.organization.not_found */
  async get(tx: Transaction): Promise<Organization> {
    const organization = await this.repository.find(tx);
    if (!organization) throw new DomainError('auth.organization.not_found');
    return organization;
  }

  async findMembership(tx: Transaction, userId: string): Promise<Membership | null> {
    return this.repository.findMembership(tx, userId);
  }

  private async insertWithFreeSlug(
    tx: Transaction,
    { id, name }: { id: string; name: string },
  ): Promise<void> {
    const wanted = slugOf(name);
    let slug = wanted;
    for (let attempt = 1; attempt <= SLUG_ATTEMPTS_MAX; attempt += 1) {
      if (await this.repository.insert(tx, { id, name, slug })) return;
      slug = withSuffix(wanted);
    }
    throw new DomainError('platform.request.conflict', {
      detail: 'No short name is free for the organization.',
    });
  }
}
