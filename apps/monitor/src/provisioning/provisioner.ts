/**
 * Makes the schemas of tenants: the one process besides the migrations that has the owner's credentials. So the partitions
 * of the samples are its task, too (see SamplePartitions), in between.
 *
 *   connecting -> listening on `tenant_provisioning`
 *   asleep     -> woken by a notification, when a failed tenant is due again, or after 15 s
 *   pass       -> due tenants in batches, each made by one of a few sessions (see TenantSchemaMaker), until none is due
 *   lost       -> the connection broke: again from the beginning, at first after 0.25 s, then up to 10 s later
 *
 * Invariants
 *  - Notifications only save time. Every pass asks the registry what is due, on the listening connection itself: that is
 *    the poll for what nobody heard, and the heartbeat that finds a connection which died in silence.
 *  - Any number of provisioners may run: a tenant is made by who has its lock, and the others pass it over.
 *  - A tenant that fails holds up no other.
 */
import { MigrationSession, type OwnerConnection } from '@capsule/database/migrations';
import { WakeUp } from '@capsule/outbox/wake-up';
import type { Logger } from '@capsule/telemetry';
import { observeOutcome } from './provisioning-metrics.js';
import { SamplePartitions } from './sample-partitions.js';
import { forEachTenant } from './session-pool.js';
import { TENANT_MIGRATIONS, targetVersion } from './tenant-migrations.js';
import { TenantRegistry } from './tenant-registry.js';
import { type Outcome, TenantSchemaMaker } from './tenant-schema-maker.js';

const POLL_MS = 15_000;
/** A tenant that another process holds is looked at again this soon: its process may die. */
const ELSEWHERE_MS = 1_000;
const HEARTBEAT_TIMEOUT_MS = 10_000;
const RECONNECT_FIRST_MS = 250;
const RECONNECT_LONGEST_MS = 10_000;
const BATCH = 100;

interface ProvisionerOptions {
  owner: OwnerConnection;
  parallel: number;
  logger: Logger;
  /** Folder of the tenants' migrations. */
  folder?: string;
}

export class Provisioner {
  private readonly wakeUp = new WakeUp();
  private readonly folder: string;
  private readonly partitions: SamplePartitions;
  private running: Promise<void> | undefined;
  private isStopping = false;
  private listening = false;
  /** When a tenant that failed here is due again. Those of other processes are found by the poll. */
  private retryAt = Number.POSITIVE_INFINITY;

  constructor(private readonly options: ProvisionerOptions) {
    this.folder = options.folder ?? TENANT_MIGRATIONS;
    this.partitions = new SamplePartitions(options.logger);
  }

  /** It hears of new tenants now. */
  get isListening(): boolean {
    return this.listening;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the tenants it has begun with. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wakeUp.notify();
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = RECONNECT_FIRST_MS;
    while (!this.isStopping) {
      try {
        await this.listen(() => (pauseMs = RECONNECT_FIRST_MS));
      } catch (error) {
        this.options.logger.error({ err: error, againInMs: pauseMs }, 'The provisioner cannot work');
        await this.wakeUp.wait(pauseMs);
        this.wakeUp.reset();
        pauseMs = Math.min(pauseMs * 2, RECONNECT_LONGEST_MS);
      }
    }
  }

  /** Until it is stopped, or the connection breaks. */
  private async listen(onConnected: () => void): Promise<void> {
    const newest = await targetVersion(this.folder);
    const session = await MigrationSession.open(this.options.owner);
    try {
      session.client.on('notification', () => this.wakeUp.notify());
      session.client.on('end', () => this.wakeUp.notify());
      await session.client.query('LISTEN tenant_provisioning');
      this.listening = true;
      onConnected();
      const registry = new TenantRegistry(session.client);
      while (!this.isStopping) {
        this.wakeUp.reset();
        await this.pass(session, registry, newest);
        await this.partitions.maintain(session);
        await this.wakeUp.wait(Math.min(POLL_MS, this.retryAt - Date.now()));
      }
    } finally {
      this.listening = false;
      await session.close().catch(() => undefined);
    }
  }

  private async pass(listening: MigrationSession, registry: TenantRegistry, newest: string): Promise<void> {
    if (this.retryAt <= Date.now()) this.retryAt = Number.POSITIVE_INFINITY;
    let isMoving = true;
    while (isMoving && !this.isStopping) {
      isMoving = false;
      const due = await inTime(registry.findDue(newest, BATCH));
      await forEachTenant(this.options.owner, due, this.options.parallel, {
        work: async (session, tenantId) => {
          if (this.isStopping) return;
          const startedAt = performance.now();
          const outcome = await new TenantSchemaMaker(session, this.folder).make(tenantId);
          this.tell(tenantId, outcome, Math.round(performance.now() - startedAt));
          if (outcome.kind === 'done') isMoving = true;
        },
        onError: async (session, tenantId, error) =>
          this.tell(tenantId, await new TenantSchemaMaker(session, this.folder).fail(tenantId, error)),
        first: listening,
      });
    }
  }

  private tell(tenantId: string, outcome: Outcome, tookMs = 0): void {
    const { logger } = this.options;
    observeOutcome(outcome.kind, tookMs);
    if (outcome.kind === 'done') {
      logger.info({ tenantId, applied: outcome.applied, tookMs }, "A tenant's schema is ready");
    } else if (outcome.kind === 'failed') {
      const { reason, retryInMs } = outcome;
      logger.error({ tenantId, reason, againInMs: Math.round(retryInMs) }, "A tenant's schema failed");
      this.retryIn(retryInMs);
    } else if (outcome.kind === 'elsewhere') {
      this.retryIn(ELSEWHERE_MS);
    }
  }

  private retryIn(milliseconds: number): void {
    this.retryAt = Math.min(this.retryAt, Date.now() + milliseconds);
  }
}

/** A connection that died in silence never answers. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('The database does not answer on the listening connection.')),
      HEARTBEAT_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
