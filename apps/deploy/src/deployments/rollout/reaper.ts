import { Inject, Injectable, Logger } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { ObjectStore } from '@capsule/storage';
import { archiveKey } from '../../archives/archive-key.js';
import { ArchiveService } from '../../archives/archive.service.js';
import { ArtifactRepository } from '../artifact.repository.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import { WorkLeases } from '../../work/work-leases.js';

const LOOK_EVERY_MS = 60_000;
const BATCH = 100;
const NIL = '00000000-0000-0000-0000-000000000000';
/** Artifacts an app keeps to roll back to. */
const ARTIFACTS_KEPT = 5;
/** How long the log of a deployment that has ended can be read. */
const LOG_DAYS = 30;
const GRACE_SECONDS = 3_600;

interface Unneeded {
  id: string;
  tenantId: string;
}

/**
 * Removes what nobody can want any more, by the ids in our own rows and never by "looks unused": uploads and artifacts
 * that were begun and never finished, uploads that were built, artifacts beyond those kept for rollbacks, logs of what
 * ended long ago. Finds unfinished work that got lost.
 *
 * The object goes before its row does: cut in between, the row names it still and the next pass goes on.
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
    private readonly archives: ArchiveService,
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
    for (const id of await this.leases.repair())
      this.logger.error('Something unfinished was without work', { subjectId: id });
    await this.store.removeLeftovers();
    await this.reapUploads();
    await this.reapArchives();
    await this.reapUnfinishedArtifacts();
    await this.reapArtifacts(graceSeconds);
    await this.reapLogs();
  }

  private async look(): Promise<void> {
    await this.reap().catch((error: unknown) => this.logger.warn('Could not reap', error));
    if (!this.stopped) this.timer = setTimeout(() => (this.looking = this.look()), LOOK_EVERY_MS);
  }

  private async reapUploads(): Promise<void> {
    const statement = 'SELECT id, tenant_id AS "tenantId" FROM archive_upload_find_expired($1, $2)';
    await this.each('upload', statement, [], async (tx, { id }) => {
      const key = await this.archives.removeExpired(tx, id);
      if (key !== null) await this.store.delete(key);
    });
  }

  private async reapArchives(): Promise<void> {
    const statement = 'SELECT id, tenant_id AS "tenantId" FROM archive_find_unneeded($1, $2)';
    await this.each('archive of deployment', statement, [], async (tx, { id, tenantId }) => {
      const deployment = await this.deployments.findById(tx, id);
      if (!deployment?.archiveId) return;
      await this.store.delete(archiveKey(tenantId, deployment.archiveId));
      await this.deployments.updateArchiveDeleted(tx, id);
    });
  }

  private async reapUnfinishedArtifacts(): Promise<void> {
    const statement = 'SELECT id, tenant_id AS "tenantId" FROM artifact_find_expired($1, $2)';
    await this.each('unfinished artifact', statement, [], async (tx, { id }) => {
      const key = await this.artifacts.removeExpired(tx, id);
      if (key !== null) await this.engine.removeArtifact(key);
    });
  }

  private async reapArtifacts(graceSeconds: number): Promise<void> {
    const statement = 'SELECT id, tenant_id AS "tenantId" FROM artifact_find_unneeded($1, $2, $3, $4)';
    await this.each('artifact', statement, [ARTIFACTS_KEPT, graceSeconds], async (tx, { id }) => {
      const key = await this.artifacts.updateDeleted(tx, id, graceSeconds);
      if (key !== null) await this.engine.removeArtifact(key);
    });
  }

  private async reapLogs(): Promise<void> {
    const statement = 'SELECT id, tenant_id AS "tenantId" FROM log_find_expired($1, $2, $3)';
    await this.each('log of deployment', statement, [LOG_DAYS], async (tx, { id }) => {
      await this.engine.removeLog(id);
      await this.deployments.updateLogDeleted(tx, id);
    });
  }

  /**
   * Goes through everything a statement finds, batch by batch in the order of ids, each in a transaction of its own.
   * One that can't be removed keeps none of the others; the next pass meets it again.
   * @param statement takes, after `parameters`, the id to go on behind and the size of a batch
   */
  private async each(
    what: string,
    statement: string,
    parameters: readonly unknown[],
    remove: (tx: Transaction, unneeded: Unneeded) => Promise<void>,
  ): Promise<void> {
    for (let after = NIL; !this.stopped;) {
      const batch = await this.database.withoutTenant((tx) =>
        tx.query<Unneeded>(statement, [...parameters, after, BATCH]),
      );
      for (const unneeded of batch) {
        if (this.stopped) return;
        await this.database
          .withTenant(unneeded.tenantId, (tx) => remove(tx, unneeded))
          .catch((error: unknown) =>
            this.logger.warn('Could not remove what is not needed', error, { what, id: unneeded.id }),
          );
      }
      const last = batch.at(-1);
      if (!last || batch.length < BATCH) return;
      after = last.id;
    }
  }
}
