/**
 * Brings one tenant's schema to where this release wants it:
 *
 *   locked -> schema there -> its migrations applied -> active, and the members who waited are in it
 *
 * Every step finds what the one before left and can be repeated, and each commits by itself. Whatever ends the process
 * in between, kill -9 too, takes the lock with it and leaves the tenant due: the next one, here or in another process,
 * begins again and passes over what is done. A migration is there as a whole or not at all (see Migrator).
 *
 * What fails is written to the tenant's row with its reason and tried again later. A tenant that was active stays active.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compareVersions, type MigrationSession, Migrator, parseVersion } from '@capsule/database/migrations';
import { quotedSchema } from '../tenant/own-tables.js';
import { TENANT_MIGRATIONS, targetVersion } from './tenant-migrations.js';
import { TenantRegistry } from './tenant-registry.js';

/** unchanged: there was nothing to do. elsewhere: another process is at it. */
export type Outcome =
  | { kind: 'done'; applied: string[] }
  | { kind: 'unchanged' }
  | { kind: 'elsewhere' }
  | { kind: 'failed'; reason: string; retryInMs: number };

const LOCK_POLL_MS = 100;
const REASON_CHARACTERS_MAX = 1_000;

export class TenantSchemaMaker {
  private readonly registry: TenantRegistry;

  constructor(
    private readonly session: MigrationSession,
    private readonly folder: string = TENANT_MIGRATIONS,
  ) {
    this.registry = new TenantRegistry(session.client);
  }

  /**
   * @param waitMs how long to wait for another process that is at this tenant
   * @throws when the session is lost: `fail` tells of that on another one
   */
  make(tenantId: string, waitMs = 0): Promise<Outcome> {
    return this.locked(tenantId, waitMs, async () => {
      try {
        return await this.migrate(tenantId);
      } catch (error) {
        return this.recordFailure(tenantId, error).catch(() => {
          throw error;
        });
      }
    });
  }

  /**
   * Remembers an attempt that lost its session. The lock was lost with it, so another may have finished the tenant
   * meanwhile; whose failure would stay beside it, as nobody looks at a finished one again.
   */
  fail(tenantId: string, error: unknown): Promise<Outcome> {
    return this.locked(tenantId, 0, async () =>
      (await this.isFinished(tenantId)) ? { kind: 'unchanged' } : this.recordFailure(tenantId, error),
    );
  }

  private async isFinished(tenantId: string): Promise<boolean> {
    const tenant = await this.registry.find(tenantId);
    if (tenant?.state !== 'active' || tenant.schemaVersion === null) return false;
    const newest = parseVersion(await targetVersion(this.folder));
    return compareVersions(parseVersion(tenant.schemaVersion), newest) >= 0;
  }

  private async locked(tenantId: string, waitMs: number, work: () => Promise<Outcome>): Promise<Outcome> {
    const deadline = Date.now() + waitMs;
    while (!(await this.registry.tryLock(tenantId))) {
      if (Date.now() >= deadline) return { kind: 'elsewhere' };
      await sleep(LOCK_POLL_MS);
    }
    // A session that was lost has let go of the lock, and what went wrong before is the error to tell.
    return work().finally(() => this.registry.unlock(tenantId).catch(() => undefined));
  }

  private async recordFailure(tenantId: string, error: unknown): Promise<Outcome> {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, REASON_CHARACTERS_MAX);
    return { kind: 'failed', reason, retryInMs: await this.registry.recordFailure(tenantId, reason) };
  }

  private async migrate(tenantId: string): Promise<Outcome> {
    const { registry, session } = this;
    const tenant = await registry.find(tenantId);
    if (!tenant) return { kind: 'unchanged' };
    const { schemaName: schema } = tenant;
    await session.client.query(`CREATE SCHEMA IF NOT EXISTS ${quotedSchema(schema)}`);
    const applied = await new Migrator(session, this.folder, {
      schema,
      placeholders: { schema: quotedSchema(schema), tenantId },
    }).migrate();
    // Asked each time: a schema that was restored has a history that the registry knows nothing of.
    const isNew = await registry.activate(tenantId);
    if (applied.length === 0 && !isNew) return { kind: 'unchanged' };
    return { kind: 'done', applied: applied.map((file) => file.script) };
  }
}
