import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { InstanceRepository } from './instances/instance.repository.js';
import { WorkQueue } from '../work/work-queue.js';
import type { DeploymentEntity } from './deployment.entity.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentRepository } from './deployment.repository.js';
import { unfinishedStates } from './deployment-states.js';

/** Canceled means that nothing of it runs any more: what runs is ended first, by the worker. */
@Injectable()
export class DeploymentCancellation {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly instances: InstanceRepository,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly queue: WorkQueue,
  ) {}

  /**
   * The app is locked. Repeating it changes nothing.
   * @throws DomainError deploy.deployment.not_cancelable when it has ended, is live, or is just taking over
   */
  async request(tx: Transaction, deployment: DeploymentEntity): Promise<void> {
    if (deployment.state === 'canceled') return;
    if (!unfinishedStates.includes(deployment.state)) {
      throw new DomainError('deploy.deployment.not_cancelable', { detail: `It is ${deployment.state}.` });
    }
    if ((await this.instances.findCurrent(tx, deployment.id))?.routed) {
      throw new DomainError('deploy.deployment.not_cancelable', { detail: 'It is just going live.' });
    }
    if (deployment.state === 'created' || deployment.state === 'queued') {
      await this.lifecycle.change(tx, deployment, 'canceled');
      return;
    }
    await this.deployments.updateCancelRequested(tx, deployment.id);
    await this.queue.interrupt(tx, deployment.id);
  }
}
