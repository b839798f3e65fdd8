import { Injectable } from '@nestjs/common';
import type { DeploymentState } from '@capsule/contracts';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  uuidv7,
} from '@capsule/database';
import { In, LessThan } from 'typeorm';
import { DeploymentEntity } from './deployment.entity.js';
import { DEPLOYMENT_VIEW, type DeploymentViewRow } from './deployment-view.js';

type NewDeployment = Pick<DeploymentEntity, 'projectId' | 'appId' | 'sourceType'> &
  Partial<
    Pick<
      DeploymentEntity,
      | 'archiveId'
      | 'archiveSizeBytes'
      | 'sourceDigest'
      | 'gitUrl'
      | 'gitRef'
      | 'gitCommit'
      | 'rollbackOf'
      | 'artifactId'
    >
  >;

export type DeploymentChanges = Partial<
  Pick<
    DeploymentEntity,
    'failureReason' | 'failureDetail' | 'liveAt' | 'endedAt' | 'artifactId' | 'sourceDigest' | 'gitCommit'
  >
>;

const FIND_VIEW = { name: 'deployment-find-view', text: `${DEPLOYMENT_VIEW} WHERE d.id = $1` };

const DEPLOYMENTS_OF_APP: KeysetList<DeploymentViewRow> = {
  name: 'deploy.deployments',
  select: DEPLOYMENT_VIEW,
  table: 'deployments d',
  where: 'd.tenant_id = $1 AND d.app_id = $2',
  instant: 'd.created_at',
  id: 'd.id',
  order: 'newest first',
  positionOf: ({ createdAt, id }) => ({ instant: createdAt, id }),
};

@Injectable()
export class DeploymentRepository {
  constructor(private readonly pagination: Pagination) {}

  findById(tx: Transaction, id: string): Promise<DeploymentEntity | null> {
    return tx.manager.findOneBy(DeploymentEntity, { id });
  }

  async findView(tx: Transaction, id: string): Promise<DeploymentViewRow | null> {
    const [row] = await tx.query<DeploymentViewRow>(FIND_VIEW, [id]);
    return row ?? null;
  }

  /** @throws DomainError platform.cursor.invalid */
  listByApp<Item>(
    tx: Transaction,
    appId: string,
    page: PageRequest,
    view: (row: DeploymentViewRow) => Item,
  ): Promise<NumberedPage<Item>> {
    return this.pagination.read(tx, DEPLOYMENTS_OF_APP, [tx.tenantId, appId], page, view);
  }

  findInState(
    tx: Transaction,
    appId: string,
    state: 'live' | 'update_in_progress',
  ): Promise<DeploymentEntity | null> {
    return tx.manager.findOneBy(DeploymentEntity, { appId, state });
  }

  listInStates(
    tx: Transaction,
    appId: string,
    states: readonly DeploymentState[],
    olderThanNumber?: number,
  ): Promise<DeploymentEntity[]> {
    const older = olderThanNumber === undefined ? {} : { number: LessThan(olderThanNumber) };
    return tx.manager.find(DeploymentEntity, {
      where: { appId, state: In([...states]), ...older },
      order: { number: 'ASC' },
    });
  }

  /** How many build now or have waited for longer: the deployment may build when fewer than the slots are ahead. */
  async countAheadOfBuild(tx: Transaction, deployment: DeploymentEntity): Promise<number> {
    const [row] = await tx.query<{ ahead: number }>(
      `SELECT count(*)::integer AS ahead FROM deployments
       WHERE tenant_id = $1 AND id <> $2
         AND (state = 'build_in_progress'
              OR state = 'queued' AND artifact_id IS NULL AND (created_at, id) < ($3::timestamptz, $2))`,
      [tx.tenantId, deployment.id, deployment.createdAt],
    );
    return row?.ahead ?? 0;
  }

  /** The app is locked, so its numbers have no gap and no double. */
  async insert(tx: Transaction, deployment: NewDeployment): Promise<DeploymentEntity> {
    const [last] = await tx.query<{ number: number }>(
      'SELECT coalesce(max(number), 0) AS number FROM deployments WHERE tenant_id = $1 AND app_id = $2',
      [tx.tenantId, deployment.appId],
    );
    const entity = tx.manager.create(DeploymentEntity, {
      ...deployment,
      id: uuidv7(),
      tenantId: tx.tenantId ?? undefined,
      number: (last?.number ?? 0) + 1,
      state: 'created',
    });
    await tx.manager.insert(DeploymentEntity, entity);
    return entity;
  }

  /** @returns false when it is not in the state `from` any more */
  async updateState(
    tx: Transaction,
    { id, state: from }: DeploymentEntity,
    to: DeploymentState,
    changes: DeploymentChanges,
  ): Promise<boolean> {
    const result = await tx.manager.update(DeploymentEntity, { id, state: from }, { ...changes, state: to });
    return result.affected === 1;
  }

  async updateCancelRequested(tx: Transaction, id: string): Promise<void> {
    await tx.manager.update(DeploymentEntity, { id }, { cancelRequestedAt: () => 'clock_timestamp()' });
  }

  async updateArchiveDeleted(tx: Transaction, id: string): Promise<void> {
    await tx.manager.update(DeploymentEntity, { id }, { archiveDeletedAt: () => 'clock_timestamp()' });
  }

  async updateLogDeleted(tx: Transaction, id: string): Promise<void> {
    await tx.query('UPDATE deployments SET log_deleted_at = clock_timestamp() WHERE id = $1', [id]);
  }
}
