import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { config, type DeploySettings } from '../../config.js';
import type { DeploymentEntity } from '../deployment.entity.js';
import { DeploymentLifecycle } from '../deployment-lifecycle.js';
import { DeploymentRepository } from '../deployment.repository.js';
import { Edge } from '../../edge/edge.js';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { InstanceRepository } from '../instances/instance.repository.js';
import { InstanceService } from '../instances/instance.service.js';
import { Interrupted, StepTimedOut } from '../../work/interruption.js';
import type { HeldWork } from '../../work/work-handlers.js';
import { BringUp, START_SECONDS } from './bring-up.js';
import { HeldChanges } from './held-changes.js';
import { StepLog } from './step-log.js';

const SWITCH_SECONDS = 30;
const SWITCH_RETRY_MS = 500;

/**
 * update_in_progress: a new instance starts, is seen healthy, gets the app's requests, and the old one is drained.
 *
 *   start -> health -> switch: decided in the database -> seen at the edge -> live
 *
 * Until the switch is decided the old instance has all requests and the deployment can be canceled. From then on it
 * can only go live, or fail because the edge does not take the route, which gives the route back. Cut anywhere it
 * runs from `start` again: the engine finds the instance by its id and the decision is repeated.
 */
@Injectable()
export class UpdatePhase {
  private readonly logger = new Logger(UpdatePhase.name);

  constructor(
    private readonly changes: HeldChanges,
    private readonly steps: StepLog,
    private readonly deployments: DeploymentRepository,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly instances: InstanceRepository,
    private readonly instanceService: InstanceService,
    private readonly bringUp: BringUp,
    private readonly edge: Edge,
    @Inject(ENGINE) private readonly engine: Engine,
    @Inject(config.KEY) private readonly settings: DeploySettings,
  ) {}

  /** Ends in `live`. @throws DeploymentFailure after `undo`-able effects, interruptions */
  async run(work: HeldWork, deployment: DeploymentEntity): Promise<void> {
    const instance = await this.currentInstance(work, deployment);
    const log = this.engine.openLog(deployment.id);
    log.write('[capsule] starting');
    await this.steps.run(work, 'start', START_SECONDS, (signal) =>
      this.bringUp.start(deployment, instance, signal),
    );
    await this.steps.run(work, 'health', this.settings.limits.healthSeconds, (signal) =>
      this.bringUp.waitUntilHealthy(deployment, instance, signal),
    );
    log.write('[capsule] healthy');
    await this.steps
      .run(work, 'switch', SWITCH_SECONDS, (signal) => this.switchRoute(work, deployment, instance, signal))
      .catch((error: unknown) => {
        if (!(error instanceof StepTimedOut)) throw error;
        throw new DeploymentFailure('platform_error', 'The edge did not take the new route.');
      });
    log.write('[capsule] live');
  }

  /**
   * Ends the instance of a deployment that does not go live, and gives the route back if it had it. Resolves when
   * nothing of it runs and nothing leads to it.
   */
  async undo(work: HeldWork, deployment: DeploymentEntity): Promise<void> {
    const instance = await this.changes.inApp(work, deployment, async (tx) => {
      const current = await this.instances.findCurrent(tx, deployment.id);
      if (current?.routed) await this.giveRouteBack(tx, deployment);
      return current;
    });
    if (!instance) return;
    if (instance.routed) {
      await this.edge.apply().catch((error: unknown) =>
        this.logger.warn('The edge did not take the route back: EdgeReconciler repeats it', error, {
          deploymentId: deployment.id,
        }),
      );
    }
    await this.engine.stop(instance.id, { graceSeconds: this.settings.limits.drainSeconds });
  }

  /** To be called in the transaction that ends the deployment, after `undo`. */
  async forgetInstance(tx: Transaction, deployment: DeploymentEntity, detail: string): Promise<void> {
    const instance = await this.instances.findCurrent(tx, deployment.id);
    if (instance) await this.instances.updateExited(tx, instance.id, detail);
  }

  private currentInstance(work: HeldWork, deployment: DeploymentEntity): Promise<InstanceEntity> {
    return this.changes.inApp(
      work,
      deployment,
      async (tx) =>
        (await this.instances.findCurrent(tx, deployment.id)) ?? this.instanceService.create(tx, deployment),
    );
  }

  private async switchRoute(
    work: HeldWork,
    deployment: DeploymentEntity,
    instance: InstanceEntity,
    signal: AbortSignal,
  ): Promise<void> {
    await this.changes.inApp(work, deployment, async (tx) => {
      // A cancel that came before this wins; one that comes after it is refused.
      const current = await this.deployments.findById(tx, deployment.id);
      if (current?.cancelRequestedAt) throw new Interrupted();
      await this.instances.updateRouted(tx, deployment.appId, instance.id);
    });
    await this.applyUntil(signal);
    await this.changes.inApp(work, deployment, async (tx) => {
      const old = await this.deployments.findInState(tx, deployment.appId, 'live');
      if (old) {
        await this.lifecycle.change(tx, old, 'superseded');
        await this.instanceService.drain(tx, old.id);
      }
      await this.lifecycle.change(tx, deployment, 'live');
    });
  }

  /** The edge may be restarting: tries until the step's time is over. */
  private async applyUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.edge.apply();
      } catch (error) {
        signal.throwIfAborted();
        await sleep(SWITCH_RETRY_MS, undefined, { signal }).catch(() => {
          throw signal.reason ?? error;
        });
      }
    }
  }

  private async giveRouteBack(tx: Transaction, deployment: DeploymentEntity): Promise<void> {
    await this.instances.unroute(tx, deployment.appId);
    const live = await this.deployments.findInState(tx, deployment.appId, 'live');
    const old = live && (await this.instances.findCurrent(tx, live.id));
    if (old?.state === 'healthy') await this.instances.updateRouted(tx, deployment.appId, old.id);
  }
}
