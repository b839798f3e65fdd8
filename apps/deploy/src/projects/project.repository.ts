import { Injectable } from '@nestjs/common';
import { type ReadTransaction, type Transaction, translateConstraint } from '@capsule/database';
import type { Position } from '../cursor.js';
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

@Injectable()
export class ProjectRepository {
  async findById(tx: ReadTransaction, id: string): Promise<ProjectRow | null> {
    const [row] = await tx.query<ProjectRow>(FIND_BY_ID, [id]);
    return row ?? null;
  }

  async count(tx: Transaction): Promise<number> {
    return tx.manager.countBy(ProjectEntity, { tenantId: tx.tenantId ?? undefined });
  }

  /** Oldest first. */
  listAfter(tx: Transaction, position: Position | null, limit: number): Promise<ProjectRow[]> {
    return tx.query<ProjectRow>(
      `SELECT ${COLUMNS} FROM projects
       WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3::uuid))
       ORDER BY created_at, id LIMIT $4`,
      [tx.tenantId, position?.createdAt ?? null, position?.id ?? null, limit],
    );
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
