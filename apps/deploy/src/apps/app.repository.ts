import { Injectable } from '@nestjs/common';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  translateConstraint,
  uuidv7,
} from '@capsule/database';
import { AppEntity } from './app.entity.js';

export type AppRow = AppEntity & { liveDeploymentId: string | null };

const COLUMNS = `a.id, a.tenant_id AS "tenantId", a.project_id AS "projectId", a.name, a.host,
  a.health_path AS "healthPath", a.command, a.memory_limit_bytes::float8 AS "memoryLimitBytes",
  a.created_at AS "createdAt", a.updated_at AS "updatedAt", d.id AS "liveDeploymentId"`;
const FROM = `FROM apps a LEFT JOIN deployments d ON d.app_id = a.id AND d.tenant_id = a.tenant_id AND d.state = 'live'`;

const FIND_BY_ID = { name: 'app-find-by-id', text: `SELECT ${COLUMNS} ${FROM} WHERE a.id = $1` };

const APPS_OF_PROJECT: KeysetList<AppRow> = {
  name: 'deploy.apps',
  select: `SELECT ${COLUMNS} ${FROM}`,
  table: 'apps a',
  where: 'a.tenant_id = $1 AND a.project_id = $2',
  instant: 'a.created_at',
  id: 'a.id',
  order: 'oldest first',
  positionOf: ({ createdAt, id }) => ({ instant: createdAt, id }),
};

@Injectable()
export class AppRepository {
  constructor(private readonly pagination: Pagination) {}

  async findById(tx: Transaction, id: string): Promise<AppRow | null> {
    const [row] = await tx.query<AppRow>(FIND_BY_ID, [id]);
    return row ?? null;
  }

  /** Holds back every other change of the app's deployments until the transaction ends. */
  lock(tx: Transaction, id: string): Promise<AppEntity | null> {
    return tx.manager.findOne(AppEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
  }

  async count(tx: Transaction): Promise<number> {
    return tx.manager.countBy(AppEntity, { tenantId: tx.tenantId ?? undefined });
  }

  /** @throws DomainError platform.cursor.invalid */
  listByProject<Item>(
    tx: Transaction,
    projectId: string,
    page: PageRequest,
    view: (row: AppRow) => Item,
  ): Promise<NumberedPage<Item>> {
    return this.pagination.read(tx, APPS_OF_PROJECT, [tx.tenantId, projectId], page, view);
  }

  /**
   * The host may be any organization's, so only the attempt tells whether it is free.
   * @returns null when the host is taken
   * @throws DomainError deploy.app.name_taken
   */
  async insertIfHostIsFree(
    tx: Transaction,
    app: Pick<AppEntity, 'projectId' | 'name' | 'host' | 'healthPath' | 'command' | 'memoryLimitBytes'>,
  ): Promise<AppRow | null> {
    try {
      const [inserted] = await tx.query<{ id: string }>(
        `INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, command, memory_limit_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT uq_apps__host DO NOTHING RETURNING id`,
        [
          uuidv7(),
          tx.tenantId,
          app.projectId,
          app.name,
          app.host,
          app.healthPath,
          app.command,
          app.memoryLimitBytes,
        ],
      );
      return inserted ? await this.findById(tx, inserted.id) : null;
    } catch (error) {
      throw translateConstraint(error, { uq_apps__name: 'deploy.app.name_taken' });
    }
  }
}
