import {
  appCreate,
  deploymentCreate,
  deploymentGet,
  type DeploymentState,
  projectCreate,
  type ResponseOf,
} from '@capsule/contracts';
import { eventually } from '@capsule/testing';
import type { DeployServiceFixture } from './deploy-service.fixture.js';
import type { Organization } from './organization.fixture.js';

export type App = ResponseOf<typeof appCreate>;
export type Deployment = ResponseOf<typeof deploymentGet>;

interface AppOptions {
  healthPath?: string;
  command?: string[];
  memoryLimitBytes?: number;
}

/** What a member of an organization does again and again. */
export class Deployer {
  private project: Promise<{ id: string }> | undefined;

  constructor(
    private readonly service: DeployServiceFixture,
    readonly organization: Organization,
  ) {}

  async app(name: string, options: AppOptions = {}): Promise<App> {
    this.project ??= this.organization.call(projectCreate, { name: 'Project' });
    const { id: projectId } = await this.project;
    return this.organization.call(appCreate, { projectId, name, ...options });
  }

  async deploy(app: App, files: Record<string, string> | Buffer): Promise<Deployment> {
    const source = await this.service.upload(this.organization, app, files);
    return this.organization.call(deploymentCreate, { appId: app.id, source });
  }

  get(deployment: { id: string }): Promise<Deployment> {
    return this.organization.call(deploymentGet, { deploymentId: deployment.id });
  }

  /** Waits until the deployment is in the state; fails when it went past it. */
  reached(deployment: { id: string }, state: DeploymentState, limitMs = 20_000): Promise<Deployment> {
    return eventually(async () => {
      const seen = await this.get(deployment);
      if (seen.state !== state) {
        throw new Error(
          `${seen.state} instead of ${state}${seen.failure ? `: ${JSON.stringify(seen.failure)}` : ''}`,
        );
      }
      return seen;
    }, limitMs);
  }

  async deployLive(app: App, files: Record<string, string>): Promise<Deployment> {
    return this.reached(await this.deploy(app, files), 'live');
  }

  /** Every state the deployment has been in, in order, as the database recorded it. */
  async history(deployment: { id: string }): Promise<DeploymentState[]> {
    const { rows } = await this.service.sql((db) =>
      db.query<{ to_state: DeploymentState }>(
        'SELECT to_state FROM deployment_transitions WHERE deployment_id = $1 ORDER BY created_at, id',
        [deployment.id],
      ),
    );
    return rows.map((row) => row.to_state);
  }
}
