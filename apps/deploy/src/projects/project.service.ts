import { Injectable } from '@nestjs/common';
import {
  projectCreate,
  type projectGet,
  type projectList,
  type RequestOf,
  type ResponseOf,
} from '@capsule/contracts';
import { Database, type ReadTransaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { IdempotentRequests } from '@capsule/outbox';
import { requireTenant } from '@capsule/telemetry';
import { OrganizationService } from '../organizations/organization.service.js';
import { quotaExceeded, QuotaService } from '../organizations/quota.service.js';
import { ProjectRepository, type ProjectRow } from './project.repository.js';

type Project = ResponseOf<typeof projectGet>;

@Injectable()
export class ProjectService {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly quotas: QuotaService,
    private readonly projects: ProjectRepository,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** @throws DomainError deploy.organization.not_ready, deploy.quota.exceeded, deploy.project.name_taken */
  async create(request: RequestOf<typeof projectCreate>): Promise<Project> {
    return this.organizations.enter(requireTenant(), (tx) =>
      this.idempotent.once(tx, projectCreate.subject, request, async () => {
        const { maxProjects } = await this.quotas.lock(tx);
        if ((await this.projects.count(tx)) >= maxProjects) {
          throw quotaExceeded(`The plan allows ${maxProjects} projects.`);
        }
        return viewOf(await this.projects.insert(tx, request));
      }),
    );
  }

  /** @throws DomainError deploy.project.not_found */
  get({ projectId }: RequestOf<typeof projectGet>): Promise<Project> {
    return this.database.readTenant(requireTenant(), async (tx) => viewOf(await this.require(tx, projectId)));
  }

  /** @throws DomainError platform.cursor.invalid */
  list(page: RequestOf<typeof projectList>): Promise<ResponseOf<typeof projectList>> {
    return this.database.withTenant(requireTenant(), (tx) => this.projects.list(tx, page, viewOf));
  }

  /** @throws DomainError deploy.project.not_found */
  async require(tx: ReadTransaction, projectId: string): Promise<ProjectRow> {
    const row = await this.projects.findById(tx, projectId);
    if (!row) throw new DomainError('deploy.project.not_found');
    return row;
  }
}

function viewOf(row: ProjectRow): Project {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
