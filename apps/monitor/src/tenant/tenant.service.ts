import { Injectable } from '@nestjs/common';
import { Database, isUuid, type Transaction } from '@capsule/database';
import type { Tenant } from './tenant.js';
import { TenantRepository } from './tenant.repository.js';

/** The registry of tenants, for the service. */
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

  /**
   * By what a person has at hand: its id, or its domain in any case. A request is never asked for its tenant: that is the
   * one of its verified token, which comes with it (see TenantSchemaService).
   */
  async find(idOrDomain: string): Promise<Tenant | null> {
    const id = isUuid(idOrDomain) ? idOrDomain : await this.idOf(idOrDomain);
    return id === null ? null : this.database.withTenant(id, (tx) => this.tenants.find(tx));
  }

  private idOf(domain: string): Promise<string | null> {
    return this.database.withoutTenant((tx) => this.tenants.findIdByDomain(tx, domain));
  }
}
