import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@capsule/database';
import { AppService } from '../../apps/app.service.js';
import { archiveKey } from '../../archives/archive-key.js';
import { config, type DeploySettings } from '../../config.js';
import { ArtifactRepository } from '../artifact.repository.js';
import type { DeploymentEntity } from '../deployment.entity.js';
import { DeploymentLifecycle } from '../deployment-lifecycle.js';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { type Artifact, ENGINE, type Engine } from '../../engine/engine.js';
import {
  type FetchedSource,
  type FetchRequest,
  SOURCE_FETCHER,
  type SourceFetcher,
} from '../../source/source-fetcher.js';
import { StepTimedOut } from '../../work/interruption.js';
import type { HeldWork } from '../../work/work-handlers.js';
import { HeldChanges } from './held-changes.js';
import { StepLog } from './step-log.js';

/** Beyond the time of the build: to end what it started, and to be sure. */
const GRACE_SECONDS = 3_600;

/**
 * build_in_progress: fetches the sources and makes the artifact. Cut anywhere it begins from the sources again; the
 * fetcher replaces what it left, the engine ends what it left.
 *
 *   artifact's row (pending) ──► built, put into storage ──► in one transaction: row stored, deployment queued with it
 *
 * A build that is cut leaves its row pending, and the reaper deletes row and object when the time has run out.
 */
@Injectable()
export class BuildPhase {
  constructor(
    private readonly database: Database,
    private readonly changes: HeldChanges,
    private readonly steps: StepLog,
    private readonly apps: AppService,
    private readonly artifacts: ArtifactRepository,
    private readonly lifecycle: DeploymentLifecycle,
    @Inject(SOURCE_FETCHER) private readonly sources: SourceFetcher,
    @Inject(ENGINE) private readonly engine: Engine,
    @Inject(config.KEY) private readonly settings: DeploySettings,
  ) {}

  /** Ends in `queued` with an artifact. @throws DeploymentFailure, interruptions */
  async run(work: HeldWork, deployment: DeploymentEntity): Promise<void> {
    const { buildSeconds } = this.settings.limits;
    const { id: artifactId, storageKey } = await this.changes.inApp(work, deployment, (tx) =>
      this.artifacts.insertPending(tx, deployment.appId, buildSeconds + GRACE_SECONDS),
    );
    const { source, artifact } = await this.steps
      .run(work, 'build', buildSeconds, (signal) => this.build(deployment, storageKey, signal))
      .catch((error: unknown) => {
        if (!(error instanceof StepTimedOut)) throw error;
        throw new DeploymentFailure('build_timed_out', `The build took longer than ${buildSeconds} seconds.`);
      });
    const isStored = await this.changes.inApp(work, deployment, async (tx) => {
      if (!(await this.artifacts.updateStored(tx, artifactId, artifact))) return false;
      await this.lifecycle.change(tx, deployment, 'queued', {
        artifactId,
        sourceDigest: source.digest,
        gitCommit: source.gitCommit ?? null,
      });
      return true;
    });
    // Asleep for longer than its time: the reaper was here, perhaps before the object was.
    if (!isStored) await this.engine.removeArtifact(storageKey);
  }

  private async build(
    deployment: DeploymentEntity,
    artifactKey: string,
    signal: AbortSignal,
  ): Promise<{ source: FetchedSource; artifact: Artifact }> {
    const deploymentId = deployment.id;
    const log = this.engine.openLog(deploymentId);
    const app = await this.database.withTenant(deployment.tenantId, (tx) =>
      this.apps.require(tx, deployment.appId),
    );
    try {
      const source = await this.sources.fetch({ deploymentId, source: sourceOf(deployment), log, signal });
      signal.throwIfAborted();
      const { appId } = deployment;
      const artifact = await this.engine.build({
        deploymentId,
        appId,
        artifactKey,
        source,
        command: app.command,
        log,
        signal,
      });
      return { source, artifact };
    } finally {
      await this.sources.discard(deploymentId);
    }
  }
}

function sourceOf(deployment: DeploymentEntity): FetchRequest['source'] {
  const { tenantId, archiveId, sourceDigest, archiveSizeBytes, gitUrl, gitRef } = deployment;
  if (deployment.sourceType === 'git') return { kind: 'git', url: gitUrl ?? '', ref: gitRef ?? undefined };
  return {
    kind: 'archive',
    key: archiveKey(tenantId, archiveId ?? ''),
    digest: sourceDigest ?? '',
    sizeBytes: archiveSizeBytes ?? 0,
  };
}
