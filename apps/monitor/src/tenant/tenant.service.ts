import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import type { Tenant } from './tenant.js';
import { TenantRepository } from './tenant.repository.js';

/** What monitor knows of a tenant, whichever way it is named. */
@Injectable()
export class TenantService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * Begins the transaction's tenant. Its organization's row must have been written in the same transaction, before:
   * that row orders this and a change of the plan, so that neither misses the other.
   */
  register(tx: Transaction, tenant: Pick<Tenant, 'name' | 'domain'>): Promise<void> {
    return this.tenants.insert(tx, tenant);
  }

  /**
   * Follows the organization to a plan. Its row must have been written in the same transaction, before; when that knew a
   * newer version, nothing is changed here either.
   */
  changePlan(tx: Transaction, plan: string, version: number): Promise<void> {
    return this.tenants.updatePlan(tx, plan, version);
  }

  findById(id: string): Promise<Tenant | null> {
    return this.database.withTenant(id, (tx) => this.tenants.find(tx));
  }

  async findByDomain(domain: string): Promise<Tenant | null> {
    const id = await this.database.withoutTenant((tx) => this.tenants.findIdByDomain(tx, domain));
    return id === null ? null : this.findById(id);
  }

  /** @param claims of an access token that was verified */
  findByToken(claims: { tid: string }): Promise<Tenant | null> {
    return this.findById(claims.tid);
  }
}
