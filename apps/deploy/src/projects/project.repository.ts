import { Injectable } from '@nestjs/common';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type ReadTransaction,
  type Transaction,
  translateConstraint,
} from '@capsule/database';
import { ProjectEntity } from './project.entity.js';

/** Columns a project is shown by. */
export interface ProjectRow {
  id: string;
  name: string;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = 'id, name, created_at AS "createdAt", updated_at AS "updatedAt"';

/** Prepared: the most frequent question the service is asked. */
const FIND_BY_ID = { name: 'project-find-by-id', text: `SELECT ${COLUMNS} FROM projects WHERE id = $1` };

const PROJECTS: KeysetList<ProjectRow> = {
  name: 'deploy.projects',
  select: `SELECT ${COLUMNS} FROM projects`,
  table: 'projects',
  where: 'tenant_id = $1',
  instant: 'created_at',
  id: 'id',
  order: 'oldest first',
  positionOf: ({ createdAt, id }) => ({ instant: createdAt, id }),
};

@Injectable()
export class ProjectRepository {
  constructor(private readonly pagination: Pagination) {}

  async findById(tx: ReadTransaction, id: string): Promise<ProjectRow | null> {
    const [row] = await tx.query<ProjectRow>(FIND_BY_ID, [id]);
    return row ?? null;
  }

  async count(tx: Transaction): Promise<number> {
    return tx.manager.countBy(ProjectEntity, { tenantId: tx.tenantId ?? undefined });
  }

  /** @throws DomainError platform.cursor.invalid */
  list<Item>(
    tx: Transaction,
    page: PageRequest,
    view: (row: ProjectRow) => Item,
  ): Promise<NumberedPage<Item>> {
    return this.pagination.read(tx, PROJECTS, [tx.tenantId], page, view);
  }

  /** @throws DomainError deploy.project.name_taken */
  async insert(tx: Transaction, project: Pick<ProjectEntity, 'name'>): Promise<ProjectRow> {
    const entity = tx.manager.create(ProjectEntity, { ...project, tenantId: tx.tenantId ?? undefined });
    try {
      return await tx.manager.save(entity, { reload: true });
    } catch (error) {
      throw translateConstraint(error, { uq_projects__name: 'deploy.project.name_taken' });
    }
  }
}
