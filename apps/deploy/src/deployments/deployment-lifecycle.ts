import { Injectable } from '@nestjs/common';
import {
  deploymentEnded,
  deploymentFailed,
  type DeploymentFailureReason,
  type DeploymentState,
  deploymentWentLive,
} from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { Outbox } from '@capsule/outbox';
import { QuotaService } from '../organizations/quota.service.js';
import { WorkQueue } from '../work/work-queue.js';
import type { DeploymentEntity } from './deployment.entity.js';
import { type DeploymentChanges, DeploymentRepository } from './deployment.repository.js';
import { canChange, isEnded } from './deployment-states.js';

/** Somebody else changed the state first: what was decided on the old one does not hold any more. */
export class StateChanged extends Error {
  override readonly name = 'StateChanged';
}

/**
 * The one place where the state of a deployment changes. With the state go, in the same transaction, the event that
 * tells of it, the end of its work, and the wake-up of whoever waited for what it has left.
 */
@Injectable()
export class DeploymentLifecycle {
  constructor(
    private readonly deployments: DeploymentRepository,
    private readonly queue: WorkQueue,
    private readonly quotas: QuotaService,
    private readonly outbox: Outbox,
  ) {}

  /**
   * @param now only a history that is written afterwards has another one
   * @throws StateChanged
   */
  async change(
    tx: Transaction,
    deployment: DeploymentEntity,
    to: DeploymentState,
    changes: DeploymentChanges = {},
    now = new Date(),
  ): Promise<void> {
    const from = deployment.state;
    if (!canChange(from, to)) throw new StateChanged(`no way leads from ${from} to ${to}`);
    // A build slot is given and given back under this lock, so that nobody misses one that became free.
    if (from === 'build_in_progress') await this.quotas.lock(tx);
    const stamped = {
      ...changes,
      ...(to === 'live' ? { liveAt: now } : {}),
      ...(isEnded(to) ? { endedAt: now } : {}),
    };
    if (!(await this.deployments.updateState(tx, deployment, to, stamped))) {
      throw new StateChanged(`${deployment.id} is not ${from} any more`);
    }
    if (isEnded(to) || to === 'live') await this.queue.remove(tx, deployment.id);
    if (from === 'build_in_progress' || from === 'queued') await this.queue.wakeNextBuild(tx);
    if (from === 'update_in_progress') await this.queue.wakeNextUpdate(tx, deployment.appId);
    await this.tell(tx, { ...deployment, ...stamped, state: to }, now);
  }

  async fail(
    tx: Transaction,
    deployment: DeploymentEntity,
    failure: { reason: DeploymentFailureReason; detail: string },
  ): Promise<void> {
    const to = deployment.state === 'build_in_progress' ? 'build_failed' : 'update_failed';
    await this.change(tx, deployment, to, { failureReason: failure.reason, failureDetail: failure.detail });
  }

  private async tell(
    tx: Transaction,
    deployment: Omit<DeploymentEntity, 'assignId'>,
    now: Date,
  ): Promise<void> {
    const data = {
      deploymentId: deployment.id,
      appId: deployment.appId,
      projectId: deployment.projectId,
      occurredAt: now.toISOString(),
    };
    const about = { subject: deployment.id };
    const { state, failureReason, failureDetail } = deployment;
    if (state === 'live') {
      await this.outbox.add(tx, deploymentWentLive, data, about);
    } else if (state === 'superseded' || state === 'deactivated' || state === 'canceled') {
      await this.outbox.add(tx, deploymentEnded, { ...data, state }, about);
    } else if (failureReason) {
      const failure = { reason: failureReason, detail: failureDetail ?? '' };
      await this.outbox.add(tx, deploymentFailed, { ...data, failure }, about);
    }
  }
}
