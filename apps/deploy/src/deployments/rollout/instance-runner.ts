/**
 * Brings up the successor of an instance that ended while its deployment is live, and drains instances that are out
 * of service.
 *
 *   starting ──► healthy (routed)          or exited, with another successor after a longer pause
 *   draining ──► the edge was seen without it ──► its time to finish is over ──► exited
 *
 * Crash: both begin again from the row. The engine finds what was started by its id; stopping twice is harmless.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { config, type DeploySettings } from '../../config.js';
import type { DeploymentEntity } from '../deployment.entity.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { Edge } from '../../edge/edge.js';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { InstanceRepository } from '../instances/instance.repository.js';
import { InstanceService } from '../instances/instance.service.js';
import type { HeldWork, WorkHandler } from '../../work/work-handlers.js';
import { WorkHandlers } from '../../work/work-handlers.js';
import { WorkQueue } from '../../work/work-queue.js';
import { BringUp, START_SECONDS } from './bring-up.js';
import { withDeadline } from './deadline.js';
import { HeldChanges } from './held-changes.js';

@Injectable()
export class InstanceRunner implements WorkHandler {
  constructor(
    handlers: WorkHandlers,
    private readonly database: Database,
    private readonly changes: HeldChanges,
    private readonly deployments: DeploymentRepository,
    private readonly instances: InstanceRepository,
    private readonly instanceService: InstanceService,
    private readonly queue: WorkQueue,
    private readonly bringUp: BringUp,
    private readonly edge: Edge,
    @Inject(ENGINE) private readonly engine: Engine,
    @Inject(config.KEY) private readonly settings: DeploySettings,
  ) {
    handlers.register('instance', this);
  }

  async run(work: HeldWork): Promise<void> {
    const found = await this.load(work);
    if (!found) return;
    const { instance, deployment } = found;
    if (instance.state === 'draining') await this.drain(work, instance);
    else if (deployment.state === 'live') await this.restart(work, deployment, instance);
    else await this.remove(work, instance, 'its deployment is not live any more');
  }

  /** There is always another try: an instance has no end of its own while its deployment is live. */
  async giveUp(work: HeldWork): Promise<void> {
    const found = await this.load(work);
    if (!found) return;
    if (found.instance.state === 'draining') await this.remove(work, found.instance, 'drained');
    else await this.replace(work, found.instance, 'The platform could not start it.');
  }

  private async restart(
    work: HeldWork,
    deployment: DeploymentEntity,
    instance: InstanceEntity,
  ): Promise<void> {
    const log = this.engine.openLog(deployment.id);
    log.write('[capsule] restarting');
    try {
      await this.bring(work, deployment, instance);
    } catch (error) {
      if (!(error instanceof DeploymentFailure)) throw error;
      log.write(`[capsule] restart failed: ${error.detail}`);
      await this.engine.stop(instance.id, { graceSeconds: this.settings.limits.drainSeconds });
      await this.replace(work, instance, error.detail);
      return;
    }
    await this.changes.inApp(work, instance, async (tx) => {
      const current = await this.instances.findById(tx, instance.id);
      // Drained meanwhile: its work stays and is looked at again.
      if (current?.state !== 'starting') return this.queue.postpone(tx, work.subjectId, work.holder, 0);
      await this.routeUnlessUpdating(tx, instance);
      await this.queue.remove(tx, instance.id);
    });
    await this.edge.apply();
    log.write('[capsule] healthy again');
  }

  private async bring(work: HeldWork, deployment: DeploymentEntity, instance: InstanceEntity): Promise<void> {
    await withDeadline(work.signal, 'start', START_SECONDS, (signal) =>
      this.bringUp.start(deployment, instance, signal),
    );
    await withDeadline(work.signal, 'health', this.settings.limits.healthSeconds, (signal) =>
      this.bringUp.waitUntilHealthy(deployment, instance, signal),
    );
  }

  /** While an update is switching, the route is the update's: it decided already that this instance goes. */
  private async routeUnlessUpdating(tx: Transaction, instance: InstanceEntity): Promise<void> {
    const updating = await this.deployments.findInState(tx, instance.appId, 'update_in_progress');
    const successor = updating && (await this.instances.findCurrent(tx, updating.id));
    if (successor?.routed) await this.instances.updateHealthy(tx, instance.id);
    else await this.instances.updateRouted(tx, instance.appId, instance.id);
  }

  private async drain(work: HeldWork, instance: InstanceEntity): Promise<void> {
    const { drainSeconds } = this.settings.limits;
    if (instance.drainUntil === null) {
      // Its time to finish begins when nothing new can reach it.
      await this.edge.apply();
      await this.changes.inApp(work, instance, async (tx) => {
        await this.instances.updateDrainUntil(tx, instance.id, drainSeconds);
        await this.queue.postpone(tx, work.subjectId, work.holder, drainSeconds);
      });
      return;
    }
    await this.remove(work, instance, 'drained');
  }

  private async remove(work: HeldWork, instance: InstanceEntity, detail: string): Promise<void> {
    await this.engine.stop(instance.id, { graceSeconds: this.settings.limits.drainSeconds });
    await this.changes.inApp(work, instance, async (tx) => {
      await this.instances.updateExited(tx, instance.id, detail);
      await this.queue.remove(tx, instance.id);
    });
  }

  private replace(work: HeldWork, instance: InstanceEntity, detail: string): Promise<void> {
    return this.changes.inApp(work, instance, async (tx) => {
      const current = await this.instances.findById(tx, instance.id);
      if (current?.state === 'starting') await this.instanceService.replace(tx, current, detail);
      else await this.queue.postpone(tx, work.subjectId, work.holder, 0);
    });
  }

  private load(work: HeldWork): Promise<{ instance: InstanceEntity; deployment: DeploymentEntity } | null> {
    return this.database.withTenant(work.tenantId, async (tx) => {
      const instance = await this.instances.findById(tx, work.subjectId);
      const deployment = instance && (await this.deployments.findById(tx, instance.deploymentId));
      if (deployment && (instance.state === 'starting' || instance.state === 'draining')) {
        return { instance, deployment };
      }
      await this.queue.remove(tx, work.subjectId);
      return null;
    });
  }
}
