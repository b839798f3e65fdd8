import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';

/** Days that samples are kept until the plan is known. */
export const DEFAULT_RETENTION_DAYS = 7;

const UPSERT_NAME = {
  name: 'organization-upsert-name',
  text: `INSERT INTO organizations (tenant_id, name) VALUES ($1, $2)
         ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE SET name = excluded.name`,
};

const UPSERT_PLAN = {
  name: 'organization-upsert-plan',
  text: `INSERT INTO organizations (tenant_id, name, plan, metrics_retention_days, entitlements_version)
         VALUES ($1, '', $2, $3, $4)
         ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE
         SET plan = excluded.plan, metrics_retention_days = excluded.metrics_retention_days,
             entitlements_version = excluded.entitlements_version
         WHERE organizations.entitlements_version < excluded.entitlements_version`,
};

@Injectable()
export class OrganizationRepository {
  async upsertName(tx: Transaction, name: string): Promise<void> {
    await tx.query(UPSERT_NAME, [tx.tenantId, name]);
  }

  /** Keeps plan and retention of the newest version, whatever order the versions arrive in. */
  async upsertPlan(tx: Transaction, plan: string, retentionDays: number, version: number): Promise<void> {
    await tx.query(UPSERT_PLAN, [tx.tenantId, plan, retentionDays, version]);
  }

  async findRetentionDays(tx: Transaction): Promise<number> {
    const [row] = await tx.query<{ days: number }>(
      'SELECT metrics_retention_days AS days FROM organizations',
    );
    return row?.days ?? DEFAULT_RETENTION_DAYS;
  }

  /** Whether its entitlements have arrived; until then its retention is the default one. */
  async isPlanKnown(tx: Transaction): Promise<boolean> {
    return (await tx.query('SELECT FROM organizations WHERE entitlements_version > 0')).length > 0;
  }

  /** Ids of organizations in order, after `after`; over all tenants, so ids only. */
  async findIds(tx: Transaction, after: string | null, limit: number): Promise<string[]> {
    const rows = await tx.query<{ id: string }>('SELECT find_organizations($1, $2) AS id', [after, limit]);
    return rows.map((row) => row.id);
  }
}
