import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { currentContext } from '@capsule/telemetry';
import { OrganizationRepository } from './organization.repository.js';
import { QuotaRepository } from './quota.repository.js';

const WAIT_MS_MAX = 2_500;
/** Left of the request's time for the work that follows, and for the answer. */
const RESERVED_MS = 1_500;
const LOOK_EVERY_MS = 100;
const RETRY_AFTER_SECONDS = 2;

@Injectable()
export class OrganizationService {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationRepository,
    private readonly quotas: QuotaRepository,
  ) {}

  /**
   * Right after a sign-up the organization and its quotas are still on their way through the bus; a first request
   * waits a little for them instead of failing.
   * @param waitMs the longest wait, of which a request's deadline may leave less
   * @throws DomainError deploy.organization.not_ready
   */
  async waitUntilReady(tenantId: string, waitMs = WAIT_MS_MAX): Promise<void> {
    const waitUntil = Math.min(
      Date.now() + waitMs,
      (currentContext()?.deadlineAt ?? Number.POSITIVE_INFINITY) - RESERVED_MS,
    );
    while (!(await this.isReady(tenantId))) {
      if (Date.now() + LOOK_EVERY_MS >= waitUntil) {
        throw notReady();
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** @throws DomainError deploy.organization.not_ready */
  async requireSlug(tx: Transaction): Promise<string> {
    const organization = await this.organizations.find(tx);
    if (!organization) throw notReady();
    return organization.slug;
  }

  private isReady(tenantId: string): Promise<boolean> {
    return this.database.withTenant(
      tenantId,
      async (tx) => (await this.organizations.find(tx)) !== null && (await this.quotas.find(tx)) !== null,
    );
  }
}

function notReady(): DomainError {
  return new DomainError('deploy.organization.not_ready', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
