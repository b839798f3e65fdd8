import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@capsule/database';
import { AppUrl } from '../../apps/app-url.js';
import { AppService } from '../../apps/app.service.js';
import { ArtifactRepository } from '../artifact.repository.js';
import type { DeploymentEntity } from '../deployment.entity.js';
import { DeploymentFailure } from '../../engine/deployment-failure.js';
import { ENGINE, type Engine } from '../../engine/engine.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { InstanceRepository } from '../instances/instance.repository.js';
import { HealthGate } from './health-gate.js';

/** Unpacking an artifact and starting it. */
export const START_SECONDS = 120;

/** What it takes to have an instance answer: used for the first one of a deployment and for every later one. */
@Injectable()
export class BringUp {
  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly artifacts: ArtifactRepository,
    private readonly instances: InstanceRepository,
    private readonly gate: HealthGate,
    private readonly urls: AppUrl,
    @Inject(ENGINE) private readonly engine: Engine,
  ) {}

  /** @throws DeploymentFailure, the reason of `signal` */
  async start(deployment: DeploymentEntity, instance: InstanceEntity, signal: AbortSignal): Promise<void> {
    const { app, artifact } = await this.load(deployment);
    const { address } = await this.engine.start({
      instanceId: instance.id,
      deploymentId: deployment.id,
      appId: deployment.appId,
      artifactKey: artifact.storageKey,
      digest: artifact.digest,
      command: app.command,
      env: {},
      memoryLimitBytes: app.memoryLimitBytes,
      signal,
    });
    await this.database.withTenant(deployment.tenantId, (tx) =>
      this.instances.updateAddress(tx, instance.id, address),
    );
  }

  /** @throws DeploymentFailure, the reason of `signal` */
  async waitUntilHealthy(
    deployment: DeploymentEntity,
    instance: InstanceEntity,
    signal: AbortSignal,
  ): Promise<void> {
    const { app, artifact } = await this.load(deployment);
    const { healthPath, host } = app;
    const hostname = this.urls.hostname(host);
    await this.gate.wait({ instanceId: instance.id, digest: artifact.digest, hostname, healthPath }, signal);
  }

  private load(deployment: DeploymentEntity) {
    return this.database.withTenant(deployment.tenantId, async (tx) => {
      const app = await this.apps.require(tx, deployment.appId);
      const artifact = deployment.artifactId && (await this.artifacts.findById(tx, deployment.artifactId));
      if (!artifact) throw new DeploymentFailure('platform_error', 'The artifact is not kept any more.');
      return { app, artifact };
    });
  }
}
