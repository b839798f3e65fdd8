import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { appDeactivate, type appGet, type RequestOf, type ResponseOf } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { IdempotentRequests } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { AppService } from '../apps/app.service.js';
import { Edge } from '../edge/edge.js';
import { InstanceService } from './instances/instance.service.js';
import { DeploymentCancellation } from './deployment-cancellation.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentRepository } from './deployment.repository.js';
import { unfinishedStates } from './deployment-states.js';

const EDGE_WAIT_MS = 2_000;

@Injectable()
export class AppDeactivation {
  private readonly logger = new Logger(AppDeactivation.name);

  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly deployments: DeploymentRepository,
    private readonly cancellation: DeploymentCancellation,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly instances: InstanceService,
    private readonly edge: Edge,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /**
   * Ends the live deployment and cancels those that would bring the app back. With nothing live it changes nothing.
   * @throws DomainError deploy.app.not_found, deploy.deployment.not_cancelable when one is just going live
   */
  async deactivate(request: RequestOf<typeof appDeactivate>): Promise<ResponseOf<typeof appGet>> {
    const { appId } = request;
    const app = await this.database.withTenant(requireTenant(), (tx) =>
      this.idempotent.once(tx, appDeactivate.subject, request, async () => {
        await this.apps.lock(tx, appId);
        for (const unfinished of await this.deployments.listInStates(tx, appId, unfinishedStates)) {
          await this.cancellation.request(tx, unfinished);
        }
        const live = await this.deployments.findInState(tx, appId, 'live');
        if (live) {
          await this.lifecycle.change(tx, live, 'deactivated');
          await this.instances.drain(tx, live.id);
        }
        return this.apps.viewOf(await this.apps.require(tx, appId));
      }),
    );
    // So that the host answers 404 when the caller is answered. If the edge is away the drain sees to it later.
    const applied = this.edge
      .apply()
      .catch((error: unknown) =>
        this.logger.warn('The edge has not taken the app out yet', error, { appId }),
      );
    await Promise.race([applied, sleep(EDGE_WAIT_MS, undefined, { ref: false })]);
    return app;
  }
}
