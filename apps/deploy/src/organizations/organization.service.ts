import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, together, type Transaction } from '@capsule/database';
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
   * Runs `work` in the tenant. Right after a sign-up the organization and its quotas are still on their way through the
   * bus; a first request waits a little for them instead of failing.
   * @param waitMs the longest wait, of which a request's deadline may leave less
   * @throws DomainError deploy.organization.not_ready
   */
  async enter<T>(tenantId: string, work: (tx: Transaction) => Promise<T>, waitMs = WAIT_MS_MAX): Promise<T> {
    const waitUntil = Math.min(
      Date.now() + waitMs,
      (currentContext()?.deadlineAt ?? Number.POSITIVE_INFINITY) - RESERVED_MS,
    );
    for (;;) {
      try {
        // In the transaction of the work: of many requests at once none waits until the last has been looked up.
        return await this.database.withTenant(tenantId, async (tx) => {
          await this.requireReady(tx);
          return work(tx);
        });
      } catch (error) {
        if (!isNotReady(error) || Date.now() + LOOK_EVERY_MS >= waitUntil) throw error;
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

  private async requireReady(tx: Transaction): Promise<void> {
    const [organization, quotas] = await together([this.organizations.find(tx), this.quotas.find(tx)]);
    if (!organization || !quotas) throw notReady();
  }
}

function notReady(): DomainError {
  return new DomainError('deploy.organization.not_ready', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function isNotReady(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'deploy.organization.not_ready';
}
