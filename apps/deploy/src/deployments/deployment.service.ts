import { Inject, Injectable } from '@nestjs/common';
import {
  deploymentCancel,
  deploymentCreate,
  deploymentCreated,
  type deploymentGet,
  type deploymentList,
  deploymentRollback,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests, Outbox } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { AppUrl } from '../apps/app-url.js';
import { AppService } from '../apps/app.service.js';
import { ArchiveService } from '../archives/archive.service.js';
import { config, type DeploySettings } from '../config.js';
import { QuotaService } from '../organizations/quota.service.js';
import { WorkQueue } from '../work/work-queue.js';
import { ArtifactRepository } from './artifact.repository.js';
import { DeploymentCancellation } from './deployment-cancellation.js';
import type { DeploymentEntity } from './deployment.entity.js';
import { DeploymentRepository } from './deployment.repository.js';
import { deploymentView } from './deployment-view.js';
import { checkGitRef, checkGitUrl } from '../source/git-url.js';

type Deployment = ResponseOf<typeof deploymentGet>;
type Source = RequestOf<typeof deploymentCreate>['source'];

@Injectable()
export class DeploymentService {
  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly quotas: QuotaService,
    private readonly deployments: DeploymentRepository,
    private readonly archives: ArchiveService,
    private readonly artifacts: ArtifactRepository,
    private readonly cancellation: DeploymentCancellation,
    private readonly queue: WorkQueue,
    private readonly urls: AppUrl,
    private readonly outbox: Outbox,
    private readonly idempotent: IdempotentRequests,
    @Inject(config.KEY) private readonly settings: DeploySettings,
  ) {}

  /**
   * @throws DomainError deploy.app.not_found, deploy.archive.too_large, deploy.archive.not_found,
   *   deploy.source.git_url_refused, deploy.quota.exceeded
   */
  create(request: RequestOf<typeof deploymentCreate>): Promise<Deployment> {
    const { appId, source } = request;
    this.checkSource(source);
    return this.database.withTenant(requireTenant(), async (tx) => {
      let isFirst = false;
      const deployment = await this.idempotent.once(
        tx,
        deploymentCreate.subject,
        identityOf(request),
        async () => {
          isFirst = true;
          const { projectId, memoryLimitBytes } = await this.apps.lock(tx, appId);
          await this.quotas.checkMemory(tx, memoryLimitBytes);
          if (source.type === 'archive') await this.archives.take(tx, appId, source.archiveId);
          return this.begin(
            tx,
            await this.deployments.insert(tx, { projectId, appId, ...columnsOf(source) }),
          );
        },
      );
      // A repeated request brought the same bytes once more.
      if (!isFirst && source.type === 'archive') await this.archives.abandon(tx, source.archiveId);
      return deployment;
    });
  }

  /**
   * A new deployment of an artifact that was live before. It needs no build, so it needs no source either.
   * @throws DomainError deploy.deployment.not_found, deploy.deployment.not_restorable, deploy.quota.exceeded
   */
  rollback(request: RequestOf<typeof deploymentRollback>): Promise<Deployment> {
    return this.database.withTenant(requireTenant(), (tx) =>
      this.idempotent.once(tx, deploymentRollback.subject, request, async () => {
        const target = await this.require(tx, request.deploymentId);
        const app = await this.apps.lock(tx, target.appId);
        await this.quotas.checkMemory(tx, app.memoryLimitBytes);
        const { artifactId, liveAt } = target;
        if (liveAt === null || artifactId === null || !(await this.artifacts.keep(tx, artifactId))) {
          throw new DomainError('deploy.deployment.not_restorable');
        }
        const { projectId, appId, sourceType, archiveId, archiveSizeBytes } = target;
        const { sourceDigest, gitUrl, gitRef, gitCommit } = target;
        const source = { sourceType, archiveId, archiveSizeBytes, sourceDigest, gitUrl, gitRef, gitCommit };
        return this.begin(
          tx,
          await this.deployments.insert(tx, {
            projectId,
            appId,
            ...source,
            artifactId,
            rollbackOf: target.id,
          }),
        );
      }),
    );
  }

  /** @throws DomainError deploy.deployment.not_found, deploy.deployment.not_cancelable */
  cancel(request: RequestOf<typeof deploymentCancel>): Promise<Deployment> {
    return this.database.withTenant(requireTenant(), (tx) =>
      this.idempotent.once(tx, deploymentCancel.subject, request, async () => {
        const { appId } = await this.require(tx, request.deploymentId);
        await this.apps.lock(tx, appId);
        await this.cancellation.request(tx, await this.require(tx, request.deploymentId));
        return this.view(tx, request.deploymentId);
      }),
    );
  }

  /** @throws DomainError deploy.deployment.not_found */
  get({ deploymentId }: RequestOf<typeof deploymentGet>): Promise<Deployment> {
    return this.database.withTenant(requireTenant(), (tx) => this.view(tx, deploymentId));
  }

  /** @throws DomainError deploy.app.not_found, platform.cursor.invalid */
  list({ appId, ...page }: RequestOf<typeof deploymentList>): Promise<ResponseOf<typeof deploymentList>> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      await this.apps.require(tx, appId);
      return this.deployments.listByApp(tx, appId, page, (row) =>
        deploymentView(row, this.urls.of(row.host)),
      );
    });
  }

  /** @throws DomainError deploy.deployment.not_found */
  async require(tx: Transaction, deploymentId: string): Promise<DeploymentEntity> {
    const deployment = await this.deployments.findById(tx, deploymentId);
    if (!deployment) throw new DomainError('deploy.deployment.not_found');
    return deployment;
  }

  private async begin(tx: Transaction, deployment: DeploymentEntity): Promise<Deployment> {
    const { id, appId, projectId } = deployment;
    await this.queue.add(tx, id, 'deployment');
    await this.outbox.add(
      tx,
      deploymentCreated,
      { deploymentId: id, appId, projectId, occurredAt: new Date().toISOString() },
      { subject: id },
    );
    return this.view(tx, id);
  }

  private async view(tx: Transaction, deploymentId: string): Promise<Deployment> {
    const row = await this.deployments.findView(tx, deploymentId);
    if (!row) throw new DomainError('deploy.deployment.not_found');
    return deploymentView(row, this.urls.of(row.host));
  }

  private checkSource(source: Source): void {
    if (source.type === 'git') {
      checkGitUrl(source.url);
      if (source.ref !== undefined) checkGitRef(source.ref);
    } else if (source.sizeBytes > this.settings.limits.archiveBytes) {
      throw new DomainError('deploy.archive.too_large', {
        detail: `An archive may have ${this.settings.limits.archiveBytes} bytes.`,
      });
    }
  }
}

function columnsOf(source: Source) {
  return source.type === 'archive'
    ? {
        sourceType: source.type,
        archiveId: source.archiveId,
        archiveSizeBytes: source.sizeBytes,
        sourceDigest: source.digest,
      }
    : { sourceType: source.type, gitUrl: source.url, gitRef: source.ref ?? null };
}

/** A repeated upload of the same bytes has another archive id and is the same request. */
function identityOf({ appId, source }: RequestOf<typeof deploymentCreate>): unknown {
  if (source.type === 'git') return { appId, source };
  const { type, digest, sizeBytes } = source;
  return { appId, source: { type, digest, sizeBytes } };
}
