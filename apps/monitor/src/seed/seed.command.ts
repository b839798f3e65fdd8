import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import type { SeedOrganization } from '@capsule/contracts';
import { Database, daysBefore, seedEach } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { beginSeed } from '@capsule/outbox';
import { AppService } from '../app/app.service.js';
import { OrganizationService } from '../organization/organization.service.js';
import type { OwnTables } from '../tenant/own-tables.js';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { UsageRecorder } from '../usage/usage-recorder.js';
import { DocumentSeed } from './document-seed.js';
import { LoadSeed } from './load-seed.js';
import { PastSampleRepository } from './past-sample.repository.js';

/** Events need a few seconds, and the provisioner makes one schema after the other. */
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 250;
const STILL_ON_THE_WAY = ['monitor.organization.not_ready', 'monitor.app.not_found'];

/**
 * Writes work sessions, tool metrics, dashboards and samples of the plan on standard input, and reports the usage. What it
 * has to know of an organization comes by events, each in its own time: it waits for all of it.
 */
export async function seedCommand(
  context: INestApplicationContext,
  print: (line: string) => void,
  input?: Readable,
): Promise<number> {
  const plan = await beginSeed(context, input);
  const days = daysBefore(new Date(plan.until), plan.days);
  const database = context.get(Database);
  const organizations = context.get(OrganizationService);
  const documents = new DocumentSeed(database, days);
  const loads = new LoadSeed(
    database,
    organizations,
    context.get(UsageRecorder),
    new PastSampleRepository(),
    days,
  );
  const seed = async (organization: SeedOrganization) => {
    const apps = organization.projects.flatMap((project) => project.apps);
    const tables = await whenReady(async () => {
      // Samples are written as far back as the plan keeps them, once.
      await organizations.requirePlan(organization.id);
      return tablesOf(context, apps);
    });
    let written = await documents.seed(organization, tables);
    for (const app of apps) written += await loads.seed(organization.id, app);
    return written;
  };
  return seedEach(plan.organizations, print, seed);
}

/** The tenant's tables, when they are made and all of its apps are known. */
function tablesOf(context: INestApplicationContext, apps: readonly { id: string }[]): Promise<OwnTables> {
  return context.get(TenantSchemaService).enter(async (tx, tables) => {
    for (const { id } of apps) await context.get(AppService).require(tx, id);
    return tables;
  });
}

async function whenReady<T>(read: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const isOnTheWay = error instanceof DomainError && STILL_ON_THE_WAY.includes(error.code);
      if (!isOnTheWay || Date.now() > deadline) throw error;
    }
    await sleep(LOOK_EVERY_MS);
  }
}
