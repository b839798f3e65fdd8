import { appCreated, type SeedApp, type SeedOrganization } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import type { Outbox } from '@capsule/outbox';
import { hostLabel } from '../apps/host-label.js';
import type { OrganizationService } from '../organizations/organization.service.js';
import { quotaExceeded, type QuotaService } from '../organizations/quota.service.js';
import type { SeedRepository } from './seed.repository.js';

const SUFFIX_LENGTH = 5;

/** Projects and apps as they are created, but with the ids and the instant of the plan. */
export class AppSeed {
  constructor(
    private readonly organizations: OrganizationService,
    private readonly quotas: QuotaService,
    private readonly rows: SeedRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * @returns how many projects and apps it made
   * @throws DomainError deploy.quota.exceeded, deploy.organization.not_ready
   */
  async seed(tx: Transaction, { projects, foundedAt }: SeedOrganization): Promise<number> {
    const { maxProjects, maxApps, maxInstanceMemoryBytes } = await this.quotas.lock(tx);
    const apps = projects.flatMap((project) => project.apps);
    const isTooLarge = apps.some(({ memoryLimitBytes }) => memoryLimitBytes > maxInstanceMemoryBytes);
    if (projects.length > maxProjects || apps.length > maxApps || isTooLarge) {
      throw quotaExceeded('The plan of the organization allows less than the demo has.');
    }
    const createdAt = new Date(foundedAt);
    const known = await this.rows.existingApps(
      tx,
      apps.map(({ id }) => id),
    );
    let written = 0;
    for (const project of projects) {
      if (await this.rows.insertProject(tx, project, createdAt)) written += 1;
      for (const app of project.apps.filter(({ id }) => !known.has(id))) {
        await this.create(tx, project.id, app, createdAt);
        written += 1;
      }
    }
    return written;
  }

  private async create(tx: Transaction, projectId: string, app: SeedApp, createdAt: Date): Promise<void> {
    const label = hostLabel(app.name, await this.organizations.requireSlug(tx));
    // Another's app may have the host. The end is the app's id, so that it is the same each time.
    const hosts = [label, `${label.slice(0, -SUFFIX_LENGTH - 1)}-${app.id.slice(0, SUFFIX_LENGTH)}`];
    for (const host of hosts) {
      if (!(await this.rows.insertApp(tx, projectId, { ...app, host }, createdAt))) continue;
      const created = { appId: app.id, projectId, name: app.name, host, createdAt: createdAt.toISOString() };
      await this.outbox.add(tx, appCreated, created, { subject: app.id });
      return;
    }
    throw new Error(`no free host was found for ${label}`);
  }
}
