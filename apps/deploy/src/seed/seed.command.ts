import type { INestApplicationContext } from '@nestjs/common';
import type { SeedOrganization } from '@capsule/contracts';
import { Database, seedEach } from '@capsule/database';
import { beginSeed, Outbox } from '@capsule/outbox';
import { AppService } from '../apps/app.service.js';
import { DeploymentLifecycle } from '../deployments/deployment-lifecycle.js';
import { OrganizationService } from '../organizations/organization.service.js';
import { QuotaService } from '../organizations/quota.service.js';
import { AppSeed } from './app-seed.js';
import { DeploymentHistory } from './deployment-history.js';
import { SeedRepository } from './seed.repository.js';

/** Events need a few seconds; a service that was just started, some more. */
const WAIT_MS = 60_000;

/** Writes projects, apps and past deployments of the plan on standard input, once auth's and billing's events are here. */
export async function seedCommand(
  context: INestApplicationContext,
  print: (line: string) => void,
): Promise<number> {
  const plan = await beginSeed(context);
  const until = new Date(plan.until);
  const database = context.get(Database);
  const organizations = context.get(OrganizationService);
  const rows = new SeedRepository();
  const outbox = context.get(Outbox);
  const apps = new AppSeed(organizations, context.get(QuotaService), rows, outbox);
  const history = new DeploymentHistory(
    context.get(AppService),
    context.get(DeploymentLifecycle),
    rows,
    outbox,
  );
  const seed = async (organization: SeedOrganization) => {
    let written = await organizations.enter(organization.id, (tx) => apps.seed(tx, organization), WAIT_MS);
    for (const app of organization.projects.flatMap((project) => project.apps)) {
      written += await database.withTenant(organization.id, (tx) => history.seed(tx, app, until));
    }
    return written;
  };
  return seedEach(plan.organizations, print, seed);
}
