import { Logger } from '@nestjs/common';
import { currentContext } from '@capsule/telemetry';
import { type DataSource, QueryFailedError } from 'typeorm';
import { translateConstraint } from './constraint-errors.js';
import type { SessionContext } from './opening.js';
import { overloaded, translateOutage } from './outage.js';
import { takeClient } from './pool.js';
import { isTransient } from './sql-state.js';
import { type ReadTransaction, Transaction } from './transaction.js';
import { isUuid } from './uuid.js';

const ATTEMPTS_MAX = 4;
const RETRY_BASE_MS = 5;

/**
 * The one way to a service's data. Every piece of work is a transaction that carries its tenant, actor and request:
 * row-level security reads them, and they end with it, so a pooled connection never remembers somebody.
 */
export class Database {
  private readonly logger = new Logger('Database');

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction that sees and writes one tenant's rows. It commits when `work` resolves and rolls
   * back when it throws. After a deadlock or serialization failure it is run again, so it must not do anything that a
   * rollback doesn't undo.
   *
   * @throws DomainError platform.service.overloaded when no connection is free in time, or when others were in the way
   *   of every attempt, platform.upstream.unavailable when none can be made or the one in use is lost (a commit under
   *   way may then have happened), platform.upstream.timeout when a statement takes too long,
   *   platform.request.conflict for unique and foreign keys that the repository didn't map
   */
  withTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!isUuid(tenantId)) return Promise.reject(new TypeError('The id of a tenant is a UUID.'));
    return this.run(tenantId, work);
  }

  /** The same outside of any tenant: sees the platform's rows only, and the reviewed functions over all tenants. */
  withoutTenant<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.run(null, work);
  }

  /**
   * Like `withTenant`, for work that is one reading statement: its transaction is read-only and is begun, used and
   * committed in one round trip. A statement that `work` issues after waiting for anything is refused.
   *
   * @throws what `withTenant` throws, and pg's DatabaseError 25006 for a statement that writes
   */
  readTenant<T>(tenantId: string, work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    if (!isUuid(tenantId)) return Promise.reject(new TypeError('The id of a tenant is a UUID.'));
    return this.run(tenantId, work, { readOnly: true });
  }

  /** @throws what a caller of `withTenant` would see when the database can't be used */
  async isReady(): Promise<void> {
    await this.withoutTenant((tx) => tx.query('SELECT 1'));
  }

  /** Ends every connection. The work must have ended before. */
  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async run<T>(
    tenantId: string | null,
    work: (tx: Transaction) => Promise<T>,
    { readOnly } = { readOnly: false },
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(tenantId, work, readOnly);
      } catch (error) {
        if (error instanceof FailedBehindCommit) throw error;
        if (attempt < ATTEMPTS_MAX && isTransient(error)) {
          await pause(attempt);
          continue;
        }
        throw isTransient(error) ? overloaded(error) : translateConstraint(error, {});
      }
    }
  }

  private async attempt<T>(
    tenantId: string | null,
    work: (tx: Transaction) => Promise<T>,
    readOnly: boolean,
  ): Promise<T> {
    const { client, release } = await takeClient(this.dataSource);
    const tx = new Transaction(tenantId, client, this.dataSource);
    let result: T;
    try {
      client.begin({ ...sessionContext(tenantId), readOnly });
      const working = work(tx);
      if (!readOnly) await working;
      // Before COMMIT is sent: a statement issued later would run behind it, on its own and without a context.
      tx.end();
      [result] = await Promise.all([working, tx.committing ?? client.commit()]);
    } catch (error) {
      tx.end();
      const { isLost } = client;
      if (await hasCommitted(tx)) throw new FailedBehindCommit(error);
      // A connection on which even this fails is not clean below; what matters is the first error.
      await client.rollback().catch(() => undefined);
      throw translateOutage(withoutParameters(error), isLost);
    } finally {
      release(client.isLost || !client.isClean);
    }
    this.notify(tx.callbacks);
    return result;
  }

  /** What has committed stays so, whatever a callback does. */
  private notify(callbacks: readonly (() => void)[]): void {
    for (const callback of callbacks) {
      try {
        callback();
      } catch (error) {
        this.logger.error('A callback after a commit failed', error);
      }
    }
  }
}

/** Its work must not be run again, nor its failure pass for one that left nothing. */
class FailedBehindCommit extends Error {
  constructor(cause: unknown) {
    super('Work failed behind its commit.', { cause });
  }
}

async function hasCommitted({ committing }: Transaction): Promise<boolean> {
  return committing !== undefined && committing.then(() => true).catch(() => false);
}

function sessionContext(tenantId: string | null): Omit<SessionContext, 'readOnly'> {
  const context = currentContext();
  return {
    tenantId: tenantId ?? '',
    actorId: context?.actor?.id ?? '',
    requestId: context?.requestId ?? '',
  };
}

/** TypeORM hangs the parameters on its error, and whoever logs the error would log them. */
function withoutParameters(error: unknown): unknown {
  if (error instanceof QueryFailedError) Object.assign(error, { parameters: undefined });
  return error;
}

function pause(attempt: number): Promise<void> {
  const milliseconds = RETRY_BASE_MS * 2 ** attempt * (0.5 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
