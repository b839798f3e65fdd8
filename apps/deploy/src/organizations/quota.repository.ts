import { Injectable } from '@nestjs/common';
import type { Entitlements } from '@capsule/contracts';
import { type Transaction, uuidv7 } from '@capsule/database';
import { QuotaEntity } from './quota.entity.js';

// An older version than the known one changes nothing.
const UPSERT_NEWER = {
  name: 'quota-upsert-newer',
  text: `INSERT INTO quotas (id, tenant_id, plan_code, version, max_projects, max_apps, max_concurrent_builds,
                             max_instance_memory_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT uq_quotas__tenant_id DO UPDATE
         SET plan_code = excluded.plan_code, version = excluded.version, max_projects = excluded.max_projects,
             max_apps = excluded.max_apps, max_concurrent_builds = excluded.max_concurrent_builds,
             max_instance_memory_bytes = excluded.max_instance_memory_bytes
         WHERE quotas.version < excluded.version`,
};

@Injectable()
export class QuotaRepository {
  find(tx: Transaction): Promise<QuotaEntity | null> {
    return tx.manager.findOneBy(QuotaEntity, { tenantId: tx.tenantId ?? undefined });
  }

  /** Holds back everybody else who counts against the organization's quotas until the transaction ends. */
  lock(tx: Transaction): Promise<QuotaEntity | null> {
    return tx.manager.findOne(QuotaEntity, {
      where: { tenantId: tx.tenantId ?? undefined },
      lock: { mode: 'for_no_key_update' },
    });
  }

  /** An older version than the known one changes nothing: events may overtake each other. */
  async upsertNewer(
    tx: Transaction,
    quotas: { planCode: string; version: number; entitlements: Entitlements },
  ): Promise<void> {
    const { maxProjects, maxApps, maxConcurrentBuilds, maxInstanceMemoryBytes } = quotas.entitlements;
    await tx.query(UPSERT_NEWER, [
      uuidv7(),
      tx.tenantId,
      quotas.planCode,
      quotas.version,
      maxProjects,
      maxApps,
      maxConcurrentBuilds,
      maxInstanceMemoryBytes,
    ]);
  }
}
