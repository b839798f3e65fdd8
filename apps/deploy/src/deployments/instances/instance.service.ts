import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { ENGINE, type Engine } from '../../engine/engine.js';
import { WorkQueue } from '../../work/work-queue.js';
import type { InstanceEntity } from './instance.entity.js';
import { InstanceRepository } from './instance.repository.js';

const RESTART_DELAY_SECONDS_MAX = 60;
/** An instance that lived this long was no failed start: its successor begins to count anew. */
const STABLE_AFTER_MS = 5 * 60_000;

@Injectable()
export class InstanceService {
  constructor(
    private readonly instances: InstanceRepository,
    private readonly queue: WorkQueue,
    @Inject(ENGINE) private readonly engine: Engine,
  ) {}

  /** The first instance of a deployment: its deployment's work brings it up. */
  create(tx: Transaction, deployment: { id: string; appId: string }): Promise<InstanceEntity> {
    return this.insert(tx, { appId: deployment.appId, deploymentId: deployment.id, restarts: 0 });
  }

  /** Records the end of an instance of a live deployment and has another one brought up after a pause. */
  async replace(tx: Transaction, ended: InstanceEntity, detail: string): Promise<void> {
    await this.instances.updateExited(tx, ended.id, detail);
    await this.queue.remove(tx, ended.id);
    const stable = ended.healthyAt !== null && Date.now() - ended.healthyAt.getTime() > STABLE_AFTER_MS;
    const restarts = stable ? 1 : ended.restarts + 1;
    const { appId, deploymentId } = ended;
    const successor = await this.insert(tx, { appId, deploymentId, restarts });
    await this.queue.add(tx, successor.id, 'instance', restartDelaySeconds(restarts));
  }

  /** Takes what runs of a deployment out of the route; the worker lets it finish its requests and stops it. */
  async drain(tx: Transaction, deploymentId: string): Promise<void> {
    const instance = await this.instances.findCurrent(tx, deploymentId);
    if (!instance) return;
    await this.instances.updateDraining(tx, instance.id);
    await this.queue.add(tx, instance.id, 'instance');
    await this.queue.interrupt(tx, instance.id);
  }

  private insert(
    tx: Transaction,
    instance: Pick<InstanceEntity, 'appId' | 'deploymentId' | 'restarts'>,
  ): Promise<InstanceEntity> {
    return this.instances.insert(tx, { ...instance, memoryLimit: this.engine.memoryLimit });
  }
}

/** 1, 2, 4 … 60 seconds. */
export function restartDelaySeconds(restarts: number): number {
  return Math.min(RESTART_DELAY_SECONDS_MAX, 2 ** Math.min(restarts - 1, 10));
}
