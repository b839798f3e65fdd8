import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import {
  type deploymentLogRead,
  LOG_CHUNK_BYTES_MAX,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { Database } from '@capsule/database';
import { requireTenant } from '@capsule/telemetry';
import { ENGINE, type Engine } from '../engine/engine.js';
import { InstanceRepository } from './instances/instance.repository.js';
import { DeploymentService } from './deployment.service.js';
import { isEnded } from './deployment-states.js';

const LOOK_EVERY_MS = 200;

@Injectable()
export class DeploymentLogService implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly deployments: DeploymentService,
    private readonly instances: InstanceRepository,
    @Inject(ENGINE) private readonly engine: Engine,
  ) {}

  /**
   * What follows `offset`, at once or within `waitMs`.
   * @throws DomainError deploy.deployment.not_found
   */
  async read({
    deploymentId,
    offset,
    waitMs,
  }: RequestOf<typeof deploymentLogRead>): Promise<ResponseOf<typeof deploymentLogRead>> {
    const waitUntil = Date.now() + waitMs;
    for (;;) {
      // Asked before the log is read: what the last writer wrote is then in what is read.
      const silent = await this.isSilent(deploymentId);
      const chunk = await this.engine.readLog({ deploymentId, offset, maxBytes: LOG_CHUNK_BYTES_MAX });
      if (chunk.text !== '' || silent || this.stopping || Date.now() >= waitUntil) {
        return { ...chunk, ended: silent && chunk.text === '' };
      }
      await this.waitForText(deploymentId, offset, Math.min(waitUntil, Date.now() + 2_000));
    }
  }

  /** Long reads must not hold up the shutdown. */
  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private isSilent(deploymentId: string): Promise<boolean> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      const { state } = await this.deployments.require(tx, deploymentId);
      return isEnded(state) && !(await this.instances.isAnyRunning(tx, deploymentId));
    });
  }

  /** Looks at the file alone: the database is asked again every two seconds only. */
  private async waitForText(deploymentId: string, offset: number, until: number): Promise<void> {
    while (!this.stopping && Date.now() < until) {
      await sleep(LOOK_EVERY_MS);
      const { nextOffset } = await this.engine.readLog({
        deploymentId,
        offset,
        maxBytes: LOG_CHUNK_BYTES_MAX,
      });
      if (nextOffset > offset) return;
    }
  }
}
