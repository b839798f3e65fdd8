/**
 * `tenants <verb> [--json]`: the migrations of the tenants' schemas, with the verbs that the services' databases have too
 * (docs/runbooks/migrations.md), which hand them on to here.
 *
 * Exit codes: 0 done; 1 a tenant failed or was found wrong (the others were worked on); 2 wrong usage.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { MigrationInfo, MigrationSession, Migrator } from '@capsule/database/migrations';
import { readTenantsSettings, type TenantsSettings } from '../provisioner-config.js';
import { quotedSchema } from '../tenant/own-tables.js';
import { eachMigrator, type TenantResult } from './each-migrator.js';
import { migrateTenants } from './migrate-tenants.js';
import { type RegisteredTenant, TenantRegistry } from './tenant-registry.js';
import { notApplied, tenantTable } from './tenant-table.js';
import { TENANT_MIGRATIONS } from './tenant-migrations.js';
import { findFaults } from './tenant-validation.js';

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;

interface Options {
  json: boolean;
  folder: string;
  version: string;
  terminal: Terminal;
}

type Ask = (
  migrator: Migrator,
  options: Options,
  tenant: RegisteredTenant,
  session: MigrationSession,
) => Promise<string[]>;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Verb = (settings: TenantsSettings, options: Options) => Promise<number>;

const verbs: Readonly<Record<string, Verb>> = {
  migrate,
  info,
  validate: lines((migrator, _, tenant, session) => findFaults(migrator, tenant, session), { isBad: true }),
  'dry-run': lines(dryRun, { say: (id, sql) => `-- ${id}\n\n${sql}` }),
  undo: changesOfHistory(async (migrator) => [`${(await migrator.undo()).script} was run`]),
  repair: changesOfHistory(async (migrator) => {
    const { removed, deleted, aligned, leftBehind } = await migrator.repair();
    return [
      ...removed.map((script) => `${script} is pending again`),
      ...deleted.map((script) => `${script} is marked as deleted`),
      ...aligned.map((script) => `${script} is as its file is`),
      ...leftBehind,
    ];
  }),
  baseline: changesOfHistory(async (migrator, { version }) => [
    (await migrator.baseline(version)) ? `is at ${version} from now on` : `was at ${version} already`,
  ]),
};

/** @param terminal where the progress is shown, if it is one */
export async function tenantsCommand(
  words: readonly string[],
  terminal: Terminal = process.stderr,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      folder: { type: 'string', default: TENANT_MIGRATIONS },
      version: { type: 'string', default: '' },
    },
    allowPositionals: true,
  });
  const verb = positionals.length === 1 ? verbs[positionals[0] ?? ''] : undefined;
  if (!verb || (verb === verbs['baseline'] && values.version === '')) {
    throw new UsageError(
      `usage: tenants <${Object.keys(verbs).join('|')}> [--json] [--folder <migrations>] [--version <baseline>]`,
    );
  }
  return verb(readTenantsSettings(), { ...values, folder: resolve(values.folder), terminal });
}

async function migrate(
  { owner, parallel }: TenantsSettings,
  { json, folder, terminal }: Options,
): Promise<number> {
  const startedAt = performance.now();
  const showsProgress = !json && terminal.isTTY;
  const show = showsProgress ? (text: string) => terminal.write(text) : undefined;
  const result = await migrateTenants(owner, parallel, folder, show);
  const { tenants, migrated, failed } = result;
  if (json) {
    console.log(JSON.stringify(result));
  } else {
    for (const { tenantId, reason } of failed) console.error(`${tenantId}: ${reason}`);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${tenants} tenants: ${migrated} migrated, ${failed.length} failed, in ${seconds} s`);
  }
  return failed.length === 0 ? 0 : 1;
}

async function info({ owner, parallel }: TenantsSettings, { json, folder }: Options): Promise<number> {
  const infos = await eachMigrator(owner, parallel, folder, (migrator) => migrator.info());
  console.log(json ? JSON.stringify(infos) : tenantTable(infos));
  return infos.every(isFinished) ? 0 : 1;
}

function isFinished(each: TenantResult<MigrationInfo[]>): boolean {
  return each.tenant.state === 'active' && 'result' in each && notApplied(each.result) === 0;
}

/** What `migrate` would run, as one script that psql takes with those of the other tenants. */
async function dryRun(migrator: Migrator, _: Options, { schemaName }: RegisteredTenant): Promise<string[]> {
  const sql = await migrator.dryRun();
  return sql === '' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${quotedSchema(schemaName)};\n${sql}`];
}

/** A verb that answers with lines for what it did to a tenant's history, whose version the registry then has. */
function changesOfHistory(change: Ask): Verb {
  return lines(async (migrator, options, tenant, session) => {
    const done = await change(migrator, options, tenant, session);
    await new TenantRegistry(session.client).followHistory(tenant.id);
    return done;
  });
}

/** A verb that answers for each tenant with lines, which are findings where that is bad. */
function lines(ask: Ask, { isBad = false, say = (id: string, line: string) => `${id}: ${line}` } = {}): Verb {
  return async ({ owner, parallel }, options) => {
    const { json, folder } = options;
    const results = await eachMigrator(owner, parallel, folder, (migrator, tenant, session) =>
      ask(migrator, options, tenant, session),
    );
    if (json) console.log(JSON.stringify(results));
    for (const each of json ? [] : results) {
      if ('error' in each) console.error(`${each.tenant.id}: ${each.error}`);
      else for (const line of each.result) console.log(say(each.tenant.id, line));
    }
    const isFine = (each: TenantResult<string[]>) => 'result' in each && !(isBad && each.result.length > 0);
    return results.every(isFine) ? 0 : 1;
  };
}
