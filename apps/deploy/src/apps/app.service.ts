import { Injectable } from '@nestjs/common';
import {
  appCreate,
  appCreated,
  type appGet,
  type appList,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests, Outbox } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { OrganizationService } from '../organizations/organization.service.js';
import { quotaExceeded, QuotaService } from '../organizations/quota.service.js';
import { ProjectService } from '../projects/project.service.js';
import { AppUrl } from './app-url.js';
import type { AppEntity } from './app.entity.js';
import { AppRepository, type AppRow } from './app.repository.js';
import { hostLabel, withSuffix } from './host-label.js';

type App = ResponseOf<typeof appGet>;

const HOST_ATTEMPTS_MAX = 5;

@Injectable()
export class AppService {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly quotas: QuotaService,
    private readonly projects: ProjectService,
    private readonly apps: AppRepository,
    private readonly urls: AppUrl,
    private readonly outbox: Outbox,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /**
   * @throws DomainError deploy.project.not_found, deploy.quota.exceeded, deploy.app.name_taken,
   *   deploy.organization.not_ready
   */
  async create(request: RequestOf<typeof appCreate>): Promise<App> {
    return this.organizations.enter(requireTenant(), (tx) =>
      this.idempotent.once(tx, appCreate.subject, request, async () => {
        await this.projects.require(tx, request.projectId);
        await this.quotas.checkMemory(tx, request.memoryLimitBytes);
        const { maxApps } = await this.quotas.lock(tx);
        if ((await this.apps.count(tx)) >= maxApps) throw quotaExceeded(`The plan allows ${maxApps} apps.`);
        const app = await this.insert(tx, request);
        await this.outbox.add(
          tx,
          appCreated,
          {
            appId: app.id,
            projectId: app.projectId,
            name: app.name,
            host: app.host,
            createdAt: app.createdAt.toISOString(),
          },
          { subject: app.id },
        );
        return this.viewOf(app);
      }),
    );
  }

  /** @throws DomainError deploy.app.not_found */
  get({ appId }: RequestOf<typeof appGet>): Promise<App> {
    return this.database.withTenant(requireTenant(), async (tx) =>
      this.viewOf(await this.require(tx, appId)),
    );
  }

  /** @throws DomainError deploy.project.not_found, platform.cursor.invalid */
  list({ projectId, ...page }: RequestOf<typeof appList>): Promise<ResponseOf<typeof appList>> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      await this.projects.require(tx, projectId);
      return this.apps.listByProject(tx, projectId, page, (row) => this.viewOf(row));
    });
  }

  /** @throws DomainError deploy.app.not_found */
  async require(tx: Transaction, appId: string): Promise<AppRow> {
    return found(await this.apps.findById(tx, appId));
  }

  /**
   * Whoever changes which deployment of an app is in service holds this lock meanwhile.
   * @throws DomainError deploy.app.not_found
   */
  async lock(tx: Transaction, appId: string): Promise<AppEntity> {
    return found(await this.apps.lock(tx, appId));
  }

  viewOf(row: AppRow): App {
    return {
      id: row.id,
      projectId: row.projectId,
      name: row.name,
      host: row.host,
      url: this.urls.of(row.host),
      healthPath: row.healthPath,
      command: row.command,
      memoryLimitBytes: row.memoryLimitBytes,
      liveDeploymentId: row.liveDeploymentId,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }

  private async insert(tx: Transaction, request: RequestOf<typeof appCreate>): Promise<AppRow> {
    const label = hostLabel(request.name, await this.organizations.requireSlug(tx));
    for (let attempt = 0; attempt < HOST_ATTEMPTS_MAX; attempt += 1) {
      const host = attempt === 0 ? label : withSuffix(label);
      const row = await this.apps.insertIfHostIsFree(tx, { ...request, host });
      if (row) return row;
    }
    throw new Error(`no free host was found for ${label}`);
  }
}

function found<Row>(row: Row | null): Row {
  if (!row) throw new DomainError('deploy.app.not_found');
  return row;
}
