import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { currentContext, requireTenant } from '@capsule/telemetry';
import { type OwnTables, ownTablesOf } from './own-tables.js';
import { TenantRepository } from './tenant.repository.js';

const WAIT_MS_MAX = 2_500;
/** Left of the request's time for the work itself, and for the answer. */
const RESERVED_MS = 1_500;
const LOOK_EVERY_MS = 50;
const RETRY_AFTER_SECONDS = 2;

/** The way into a tenant's own tables: by the names that the registry gives them, never by a search path. */
@Injectable()
export class TenantSchemaService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * Runs `work` in the tenant of the request. Right after a sign-up the tables are still being made; a first request
   * waits a little for them instead of failing.
   * @throws DomainError monitor.organization.not_ready, monitor.organization.inactive
   */
  async enter<T>(work: (tx: Transaction, tables: OwnTables) => Promise<T>): Promise<T> {
    const waitUntil = Math.min(
      Date.now() + WAIT_MS_MAX,
      (currentContext()?.deadlineAt ?? Number.POSITIVE_INFINITY) - RESERVED_MS,
    );
    for (;;) {
      try {
        return await this.database.withTenant(requireTenant(), async (tx) =>
          work(tx, await this.tablesOf(tx)),
        );
      } catch (error) {
        if (!isNotReady(error) || Date.now() + LOOK_EVERY_MS > waitUntil) throw error;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /**
   * The tables for the handler of an event, also of a tenant that is not served.
   * @returns null while they are being made, or the tenant is not known: what the transaction then lets wait is moved
   *   into them when they are ready, and not before it has committed
   */
  async tablesForEvent(tx: Transaction): Promise<OwnTables | null> {
    const tenant = await this.tenants.findHoldingBackActivation(tx);
    return tenant?.state === 'active' ? ownTablesOf(tenant.schemaName) : null;
  }

  private async tablesOf(tx: Transaction): Promise<OwnTables> {
    const tenant = await this.tenants.find(tx);
    if (tenant?.state !== 'active') {
      throw new DomainError('monitor.organization.not_ready', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    if (!tenant.isActive) throw new DomainError('monitor.organization.inactive');
    return ownTablesOf(tenant.schemaName);
  }
}

function isNotReady(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'monitor.organization.not_ready';
}
