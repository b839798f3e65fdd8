import type { SeedApp, SeedOrganization } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { DeploymentEntity } from '../deployments/deployment.entity.js';

type SeedProject = SeedOrganization['projects'][number];

const HEALTH_PATH = '/health';

/** Rows with an id and a past of their own, which no request may give them. */
export class SeedRepository {
  /** @returns false when it is there already */
  async insertProject(tx: Transaction, { id, name }: SeedProject, createdAt: Date): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO projects (id, tenant_id, name, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT ON CONSTRAINT pk_projects DO NOTHING`,
      [id, tx.tenantId, name, createdAt],
    );
    return inserted === 1;
  }

  async existingApps(tx: Transaction, ids: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ id: string }>('SELECT id FROM apps WHERE id = ANY ($1::uuid[])', [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns false when the host is taken */
  async insertApp(
    tx: Transaction,
    projectId: string,
    app: Pick<SeedApp, 'id' | 'name' | 'memoryLimitBytes'> & { host: string },
    createdAt: Date,
  ): Promise<boolean> {
    const inserted = await tx.execute(
      `INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, memory_limit_bytes, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT ON CONSTRAINT uq_apps__host DO NOTHING`,
      [app.id, tx.tenantId, projectId, app.name, app.host, HEALTH_PATH, app.memoryLimitBytes, createdAt],
    );
    return inserted === 1;
  }

  /** The ids of an app's deployments and the highest of their numbers. The app is locked. */
  async knownDeployments(tx: Transaction, appId: string): Promise<{ ids: Set<string>; last: number }> {
    const rows = await tx.query<{ id: string; number: number }>(
      'SELECT id, number FROM deployments WHERE tenant_id = $1 AND app_id = $2',
      [tx.tenantId, appId],
    );
    return {
      ids: new Set(rows.map(({ id }) => id)),
      last: rows.reduce((last, { number }) => Math.max(last, number), 0),
    };
  }

  /** As `created`, from where the lifecycle takes it on. */
  async insertDeployment(
    tx: Transaction,
    deployment: Pick<
      DeploymentEntity,
      'id' | 'projectId' | 'appId' | 'number' | 'gitUrl' | 'gitCommit' | 'createdAt'
    >,
  ): Promise<DeploymentEntity> {
    const entity = tx.manager.create(DeploymentEntity, {
      ...deployment,
      tenantId: tx.tenantId ?? undefined,
      sourceType: 'git',
      gitRef: 'main',
      state: 'created',
    });
    await tx.manager.insert(DeploymentEntity, entity);
    return entity;
  }
}
