/**
 * Past deployments of an app: rows that went through every state by the one function that changes states, with the
 * events that tell of it, at instants of the past. Nothing is built and nothing runs; there is no artifact to roll
 * back to and no log. All of an app commits at once, so nobody ever sees one of them on its way.
 *
 * What is honest about them: the last that went live ends as `deactivated`, since nothing of it runs. What can't be
 * of the past: `deployment_transitions` is written by a trigger, and says when the row was really changed.
 */
import { deploymentCreated, type SeedApp } from '@capsule/contracts';
import { type Transaction } from '@capsule/database';
import type { Outbox } from '@capsule/outbox';
import type { AppService } from '../apps/app.service.js';
import type { DeploymentEntity } from '../deployments/deployment.entity.js';
import type { DeploymentLifecycle } from '../deployments/deployment-lifecycle.js';
import type { SeedRepository } from './seed.repository.js';

type Past = SeedApp['deployments'][number];

/** Seconds after the request. */
const BUILD_BEGAN = 4;
const BUILD_ENDED = 71;
const UPDATE_ENDED = 86;

const FAILURES = {
  build_failed: { reason: 'source_invalid', detail: 'package.json names no entry point.' },
  update_failed: { reason: 'unhealthy', detail: '/health answered 500 until the time was up.' },
} as const;

export class DeploymentHistory {
  constructor(
    private readonly apps: AppService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly rows: SeedRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * @param until when the last one is taken out of service
   * @returns how many deployments it wrote
   */
  async seed(tx: Transaction, app: SeedApp, until: Date): Promise<number> {
    const { projectId } = await this.apps.lock(tx, app.id);
    const { ids, last } = await this.rows.knownDeployments(tx, app.id);
    const missing = app.deployments.filter(({ id }) => !ids.has(id));
    let live: DeploymentEntity | undefined;
    for (const [index, past] of missing.entries()) {
      const deployment = await this.rows.insertDeployment(tx, {
        id: past.id,
        projectId,
        appId: app.id,
        number: last + 1 + index,
        gitUrl: `https://git.example/${app.name}.git`,
        gitCommit: past.gitCommit,
        createdAt: new Date(past.requestedAt),
      });
      if (await this.relive(tx, deployment, past, live)) live = deployment;
    }
    if (live) await this.lifecycle.change(tx, live, 'deactivated', {}, until);
    return missing.length;
  }

  /** @returns whether it went live */
  private async relive(
    tx: Transaction,
    deployment: DeploymentEntity,
    { outcome, requestedAt }: Past,
    replaced: DeploymentEntity | undefined,
  ): Promise<boolean> {
    const at = (seconds: number) => new Date(Date.parse(requestedAt) + seconds * 1000);
    const go = async (
      to: DeploymentEntity['state'],
      seconds: number,
      changes: Parameters<DeploymentLifecycle['change']>[3] = {},
    ) => {
      await this.lifecycle.change(tx, deployment, to, changes, at(seconds));
      deployment.state = to;
    };
    const { id: deploymentId, appId, projectId } = deployment;
    const created = { deploymentId, appId, projectId, occurredAt: requestedAt };
    await this.outbox.add(tx, deploymentCreated, created, { subject: deploymentId });
    await go('queued', 0);
    await go('build_in_progress', BUILD_BEGAN);
    if (outcome === 'canceled') await go('canceled', BUILD_ENDED);
    if (outcome === 'build_failed') await go('build_failed', BUILD_ENDED, failureOf(outcome));
    if (outcome === 'canceled' || outcome === 'build_failed') return false;
    await go('queued', BUILD_ENDED);
    await go('update_in_progress', BUILD_ENDED);
    if (outcome === 'update_failed') {
      await go('update_failed', UPDATE_ENDED, failureOf(outcome));
      return false;
    }
    if (replaced) await this.lifecycle.change(tx, replaced, 'superseded', {}, at(UPDATE_ENDED));
    await go('live', UPDATE_ENDED);
    return true;
  }
}

function failureOf(outcome: keyof typeof FAILURES) {
  const { reason, detail } = FAILURES[outcome];
  return { failureReason: reason, failureDetail: detail };
}
