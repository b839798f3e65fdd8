import { Injectable } from '@nestjs/common';
import { together, type Transaction } from '@capsule/database';
import type { Tenant, TenantState } from './tenant.js';

const FIND = {
  name: 'tenant-find',
  text: `SELECT id, name, domain, schema_name AS "schemaName", plan, is_active AS "isActive", state, metadata
         FROM tenants WHERE id = $1`,
};
/** Its other side is the trigger move_waiting_members of the database. */
const HOLD_BACK_ACTIVATION = {
  name: 'tenant-hold-back-activation',
  text: `SELECT pg_advisory_xact_lock_shared(hashtext('waiting_members'), hashtext($1::uuid::text))`,
};
const INSERT = {
  name: 'tenant-insert',
  text: `INSERT INTO tenants (id, name, domain, schema_name, plan)
         SELECT $1::uuid, $2, $3, 'tenant_' || replace($1::uuid::text, '-', ''),
                (SELECT plan FROM organizations WHERE tenant_id = $1::uuid)
         ON CONFLICT ON CONSTRAINT pk_tenants DO UPDATE SET name = excluded.name`,
};
/** Not when it is the plan already: most tenants begin with the one they are told of. */
const UPDATE_PLAN = {
  name: 'tenant-update-plan',
  text: `UPDATE tenants SET plan = $2
         WHERE id = $1 AND plan <> $2
           AND EXISTS (SELECT FROM organizations WHERE tenant_id = $1 AND entitlements_version = $3)`,
};
const FIND_ID_BY_DOMAIN = { name: 'tenant-find-by-domain', text: 'SELECT tenant_find_by_domain($1) AS id' };

/** The registry, as the service may use it: it begins tenants and never finishes them. */
@Injectable()
export class TenantRepository {
  /** Begins a tenant, whose schema the provisioner then makes. One that is known stays as it is but for its name. */
  async insert(tx: Transaction, tenant: Pick<Tenant, 'name' | 'domain'>): Promise<void> {
    await tx.query(INSERT, [tx.tenantId, tenant.name, tenant.domain]);
  }

  /**
   * Puts the tenant on the plan of its organization, if this is still the version that the organization has. Changes
   * nothing while the tenant is not known: its row then begins with the plan of its organization.
   */
  async updatePlan(tx: Transaction, plan: string, version: number): Promise<void> {
    await tx.query(UPDATE_PLAN, [tx.tenantId, plan, version]);
  }

  /** The transaction's tenant. */
  async find(tx: Transaction): Promise<Tenant | null> {
    const [row] = await tx.query<Tenant>(FIND, [tx.tenantId]);
    return row ?? null;
  }

  /** The transaction's tenant, which does not become active until the transaction has ended. */
  async findHoldingBackActivation(tx: Transaction): Promise<Tenant | null> {
    // One round trip, and two statements: the second must see what was committed while the first waited.
    const [, tenant] = await together([tx.query(HOLD_BACK_ACTIVATION, [tx.tenantId]), this.find(tx)]);
    return tenant;
  }

  /** Over all tenants, so the id only. */
  async findIdByDomain(tx: Transaction, domain: string): Promise<string | null> {
    const [row] = await tx.query<{ id: string | null }>(FIND_ID_BY_DOMAIN, [domain]);
    return row?.id ?? null;
  }

  countByState(tx: Transaction): Promise<{ state: TenantState; tenants: string }[]> {
    return tx.query('SELECT state, tenants FROM tenants_by_state()');
  }
}
