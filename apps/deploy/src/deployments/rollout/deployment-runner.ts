/**
 * Brings deployments from `created` to an end.
 *
 *   created ──► queued ──► build_in_progress ──► queued (built) ──► update_in_progress ──► live
 *                  │                │                                    │                  │
 *                  │                └─► build_failed                     └─► update_failed  ├─► superseded
 *                  └─► update_in_progress  (a rollback has its artifact already)            └─► deactivated
 *   Before `live` each can become canceled, and before its update superseded by a newer one.
 *
 * Invariants
 *  - The state in the database is the only memory. A step never relies on what an earlier one left in this process.
 *  - An app has at most one live and one updating deployment (unique indexes), and one instance that is routed.
 *  - `queued` becomes `build_in_progress` under the lock of the organization's quotas: the state itself is the slot.
 *    Those that have waited longer go first.
 *  - Older deployments give way to newer ones: waiting ones when a newer one is queued, a built one when a newer one
 *    is live already. One that builds is left to finish, or an app deployed every minute would never be.
 *  - `live` is written after the new instance answered its health path and the edge was seen to send requests there.
 *  - `canceled` and `…_failed` are written after everything that was started is gone.
 *
 * Crash. In `created` and `queued` nothing runs: the next holder decides again. In `build_in_progress` the build is
 * begun anew. In `update_in_progress` the instance went on without us: it is found by its id and watched further. A
 * cancel that was asked for is in the row and is carried out by the next holder. Instances of live deployments do not
 * notice a crash of this service at all.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Database } from '@capsule/database';
import type { DeploymentEntity } from '../deployment.entity.js';
import { DeploymentLifecycle, StateChanged } from '../deployment-lifecycle.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { unfinishedStates } from '../deployment-states.js';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import { QuotaService } from '../../organizations/quota.service.js';
import { SOURCE_FETCHER, type SourceFetcher } from '../../source/source-fetcher.js';
import type { HeldWork, WorkHandler } from '../../work/work-handlers.js';
import { WorkHandlers } from '../../work/work-handlers.js';
import { WorkQueue } from '../../work/work-queue.js';
import { BuildPhase } from './build-phase.js';
import { HeldChanges } from './held-changes.js';
import { StepLog } from './step-log.js';
import { UpdatePhase } from './update-phase.js';

const CANCEL_SECONDS = 120;
/** Who waits for a turn is woken when one is free; this is for a wake-up that got lost. */
const TURN_SECONDS = 30;

type Next = 'go on' | 'let go';

@Injectable()
export class DeploymentRunner implements WorkHandler {
  private readonly logger = new Logger(DeploymentRunner.name);

  constructor(
    handlers: WorkHandlers,
    private readonly database: Database,
    private readonly changes: HeldChanges,
    private readonly deployments: DeploymentRepository,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly queue: WorkQueue,
    private readonly quotas: QuotaService,
    private readonly steps: StepLog,
    private readonly builds: BuildPhase,
    private readonly updates: UpdatePhase,
    @Inject(SOURCE_FETCHER) private readonly sources: SourceFetcher,
    @Inject(ENGINE) private readonly engine: Engine,
  ) {
    handlers.register('deployment', this);
  }

  async run(work: HeldWork): Promise<void> {
    for (;;) {
      work.signal.throwIfAborted();
      const deployment = await this.load(work);
      if (!deployment) return;
      try {
        if ((await this.advance(work, deployment)) === 'let go') return;
      } catch (error) {
        // Somebody else decided in the meantime: look again.
        if (error instanceof StateChanged) continue;
        if (!(error instanceof DeploymentFailure)) throw error;
        await this.fail(work, deployment, error);
        return;
      }
    }
  }

  async giveUp(work: HeldWork): Promise<void> {
    const deployment = await this.load(work);
    if (!deployment) return;
    if (deployment.state === 'created' || deployment.state === 'queued') {
      // Nothing was begun, so nothing has failed: it goes on when the platform does.
      await this.changes.inApp(work, deployment, (tx) =>
        this.queue.postpone(tx, work.subjectId, work.holder, TURN_SECONDS),
      );
      return;
    }
    const failure = new DeploymentFailure(
      'platform_error',
      'The platform failed repeatedly; it is in its log.',
    );
    await this.fail(work, deployment, failure);
  }

  private async advance(work: HeldWork, deployment: DeploymentEntity): Promise<Next> {
    if (deployment.cancelRequestedAt) return this.cancel(work, deployment);
    if (deployment.state === 'created') return this.admit(work, deployment);
    if (deployment.state === 'queued') return this.takeTurn(work, deployment);
    if (deployment.state === 'build_in_progress') {
      await this.builds.run(work, deployment);
      return this.makeRoomForBuilds(work, deployment);
    }
    await this.updates.run(work, deployment);
    return 'let go';
  }

  /** Those of the app that still wait would go live only to be replaced at once. */
  private admit(work: HeldWork, deployment: DeploymentEntity): Promise<Next> {
    return this.changes.inApp(work, deployment, async (tx) => {
      const { appId, number } = deployment;
      for (const older of await this.deployments.listInStates(tx, appId, ['created', 'queued'], number)) {
        await this.lifecycle.change(tx, older, 'superseded');
      }
      await this.lifecycle.change(tx, deployment, 'queued');
      return 'go on' as const;
    });
  }

  private takeTurn(work: HeldWork, deployment: DeploymentEntity): Promise<Next> {
    return this.changes.inApp(work, deployment, async (tx) => {
      const { appId, number, artifactId } = deployment;
      const live = await this.deployments.findInState(tx, appId, 'live');
      if (live && live.number > number) {
        await this.lifecycle.change(tx, deployment, 'superseded');
        return 'let go';
      }
      if (artifactId === null) {
        const { maxConcurrentBuilds } = await this.quotas.lock(tx);
        if ((await this.deployments.countAheadOfBuild(tx, deployment)) < maxConcurrentBuilds) {
          await this.lifecycle.change(tx, deployment, 'build_in_progress');
          return 'go on';
        }
      } else if (!(await this.deployments.findInState(tx, appId, 'update_in_progress'))) {
        await this.lifecycle.change(tx, deployment, 'update_in_progress');
        return 'go on';
      }
      await this.queue.postpone(tx, work.subjectId, work.holder, TURN_SECONDS);
      return 'let go';
    });
  }

  /** Hands that build are few: what follows is another's. */
  private makeRoomForBuilds(work: HeldWork, deployment: DeploymentEntity): Promise<Next> {
    return this.changes.inApp(work, deployment, async (tx) => {
      await this.queue.postpone(tx, work.subjectId, work.holder, 0);
      return 'let go' as const;
    });
  }

  private async cancel(work: HeldWork, deployment: DeploymentEntity): Promise<Next> {
    await this.steps.run(work, 'cancel', CANCEL_SECONDS, () => this.end(work, deployment));
    await this.changes.inApp(work, deployment, async (tx) => {
      await this.updates.forgetInstance(tx, deployment, 'canceled');
      await this.lifecycle.change(tx, deployment, 'canceled');
    });
    this.engine.openLog(deployment.id).write('[capsule] canceled');
    return 'let go';
  }

  private async fail(
    work: HeldWork,
    deployment: DeploymentEntity,
    failure: DeploymentFailure,
  ): Promise<void> {
    this.engine.openLog(deployment.id).write(`[capsule] failed: ${failure.detail} (${failure.reason})`);
    this.logger.log('A deployment failed', failure, { deploymentId: deployment.id });
    await this.end(work, deployment);
    await this.changes.inApp(work, deployment, async (tx) => {
      await this.updates.forgetInstance(tx, deployment, failure.detail);
      await this.lifecycle.fail(tx, deployment, failure);
    });
  }

  /** Resolves when nothing of the deployment runs or lies about. */
  private async end(work: HeldWork, deployment: DeploymentEntity): Promise<void> {
    await this.engine.stopBuild(deployment.id);
    await this.sources.discard(deployment.id);
    if (deployment.state === 'update_in_progress') await this.updates.undo(work, deployment);
  }

  /** @returns null, and removes the work, when there is nothing left to do */
  private load(work: HeldWork): Promise<DeploymentEntity | null> {
    return this.database.withTenant(work.tenantId, async (tx) => {
      const deployment = await this.deployments.findById(tx, work.subjectId);
      if (deployment && unfinishedStates.includes(deployment.state)) return deployment;
      await this.queue.remove(tx, work.subjectId);
      return null;
    });
  }
}
