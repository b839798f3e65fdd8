import { Inject, Injectable, Logger } from '@nestjs/common';
import { archiveStorageKey } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { ObjectStore } from '@capsule/storage';
import { ArtifactRepository } from '../artifact.repository.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import { WorkLeases } from '../../work/work-leases.js';

const LOOK_EVERY_MS = 60_000;
const BATCH = 100;
/** Artifacts an app keeps to roll back to. */
const ARTIFACTS_KEPT = 5;
const GRACE_SECONDS = 3_600;

/**
 * Removes what nobody can want any more, by the ids in our own rows and never by "looks unused": uploads that were
 * built, artifacts beyond those kept for rollbacks. Finds unfinished work that got lost.
 */
@Injectable()
export class Reaper {
  private readonly logger = new Logger(Reaper.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly leases: WorkLeases,
    private readonly deployments: DeploymentRepository,
    private readonly artifacts: ArtifactRepository,
    private readonly store: ObjectStore,
    @Inject(ENGINE) private readonly engine: Engine,
  ) {}

  start(): void {
    this.timer = setTimeout(() => (this.looking = this.look()), LOOK_EVERY_MS / 6);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  /** @param graceSeconds how long something must have been unneeded */
  async reap(graceSeconds = GRACE_SECONDS): Promise<void> {
    for (const id of await this.leases.repair()) this.logger.error(`${id} was unfinished and without work`);
    await this.reapArchives();
    await this.reapArtifacts(graceSeconds);
  }

  private async look(): Promise<void> {
    await this.reap().catch((error: unknown) => this.logger.warn(`could not reap: ${String(error)}`));
    if (!this.stopped) this.timer = setTimeout(() => (this.looking = this.look()), LOOK_EVERY_MS);
  }

  private async reapArchives(): Promise<void> {
    const unneeded = await this.database.withoutTenant((tx) =>
      tx.query<{ deployment_id: string; tenant_id: string }>(
        'SELECT deployment_id, tenant_id FROM archive_claim_unneeded($1)',
        [BATCH],
      ),
    );
    for (const { deployment_id: id, tenant_id: tenantId } of unneeded) {
      await this.database.withTenant(tenantId, async (tx) => {
        const deployment = await this.deployments.findById(tx, id);
        if (!deployment?.archiveId) return;
        await this.store.delete(archiveStorageKey(tenantId, deployment.archiveId));
        await this.deployments.updateArchiveDeleted(tx, id);
      });
    }
  }

  private async reapArtifacts(graceSeconds: number): Promise<void> {
    const unneeded = await this.database.withoutTenant((tx) =>
      tx.query<{ artifact_id: string; tenant_id: string }>(
        'SELECT artifact_id, tenant_id FROM artifact_claim_unneeded($1, $2, $3)',
        [ARTIFACTS_KEPT, graceSeconds, BATCH],
      ),
    );
    for (const { artifact_id: id, tenant_id: tenantId } of unneeded) {
      await this.database.withTenant(tenantId, async (tx) => {
        const deleted = await this.artifacts.markDeleted(tx, id, graceSeconds);
        if (deleted) await this.engine.removeArtifact(deleted.storageKey);
      });
    }
  }
}
