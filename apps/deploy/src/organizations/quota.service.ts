import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import type { QuotaEntity } from './quota.entity.js';
import { QuotaRepository } from './quota.repository.js';

/**
 * Quotas are held by counting under the lock of the organization's one row: exact however many requests come at the
 * same moment, and without a counter that could drift from what it counts.
 */
@Injectable()
export class QuotaService {
  constructor(private readonly quotas: QuotaRepository) {}

  /**
   * What the plan allows. Until the transaction ends nobody else counts against it.
   * @throws DomainError deploy.organization.not_ready
   */
  async lock(tx: Transaction): Promise<QuotaEntity> {
    return known(await this.quotas.lock(tx));
  }

  /** @throws DomainError deploy.quota.exceeded, deploy.organization.not_ready */
  async checkMemory(tx: Transaction, memoryLimitBytes: number): Promise<void> {
    const { maxInstanceMemoryBytes } = known(await this.quotas.find(tx));
    if (memoryLimitBytes > maxInstanceMemoryBytes) {
      throw quotaExceeded(`The plan allows an instance ${maxInstanceMemoryBytes} bytes of memory.`);
    }
  }
}

/** @param detail public: which quota, and how much of it there is */
export function quotaExceeded(detail: string): DomainError {
  return new DomainError('deploy.quota.exceeded', { detail });
}

function known(quotas: QuotaEntity | null): QuotaEntity {
  if (!quotas) throw new DomainError('deploy.organization.not_ready', { retryAfterSeconds: 2 });
  return quotas;
}
