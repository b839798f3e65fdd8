import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { OrganizationRepository } from './organization.repository.js';

const BATCH = 500;

@Injectable()
export class OrganizationService {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationRepository,
  ) {}

  retentionDays(tx: Transaction): Promise<number> {
    return this.organizations.findRetentionDays(tx);
  }

  /** @throws DomainError monitor.organization.not_ready while its plan is on the way */
  async requirePlan(tenantId: string): Promise<void> {
    const isKnown = await this.database.withTenant(tenantId, (tx) => this.organizations.isPlanKnown(tx));
    if (!isKnown) throw new DomainError('monitor.organization.not_ready');
  }

  /** Every organization's id, in batches, each batch read in a transaction of its own. */
  async *allIds(): AsyncGenerator<string> {
    let after: string | null = null;
    do {
      const ids = await this.batchAfter(after);
      yield* ids;
      after = ids.length < BATCH ? null : (ids.at(-1) ?? null);
    } while (after !== null);
  }

  private batchAfter(after: string | null): Promise<string[]> {
    return this.database.withoutTenant((tx) => this.organizations.findIds(tx, after, BATCH));
  }
}
