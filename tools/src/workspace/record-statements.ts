/**
 * `node tools/dist/workspace/record-statements.js <service…>` (`npm run statements`; docs/runbooks/migrations.md says when):
 * runs the specs of each service, has PostgreSQL log what is sent in the role of the service, whichever process sends it,
 * and keeps that as the statements of the last release, those to tenants' own tables by themselves. What can't be planned on
 * a freshly migrated database, such as what a spec sends to tables of its own, is left out and printed with the reason.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import {
  findBrokenStatements,
  migrationsFolder,
  MigrationSession,
  Migrator,
  readGuards,
  writeRelease,
} from '@capsule/database/migrations';
import pg from 'pg';
import { holdTestServers } from '../supervisor/hold-test-servers.js';
import { chooseHome } from '../supervisor/home.js';
import { asSuperuser, scratchTenant, withScratchDatabase } from './scratch-database.js';
import { partTenants, statementsIn } from './statement-log.js';

const workspace = resolve(import.meta.dirname, '../../..');
const { environment, release } = await holdTestServers(workspace);
try {
  for (const service of serviceNames.filter((each) => process.argv.slice(2).includes(each))) {
    await keep(service, await record(service));
  }
} finally {
  await release();
}

/** @throws when a spec fails: what the others sent is not all there is */
async function record(service: ServiceName): Promise<string[]> {
  const role = loadEnvironment(migrationEnvironments[service], environment).database.user;
  const log = join(
    chooseHome(workspace, process.env['CAPSULE_HOME']),
    'test',
    'logs',
    `postgres-${service}.log`,
  );
  const startsAt = statSync(log).size;
  const alter = (change: string) =>
    asSuperuser(service, environment, (client) =>
      client.query(`ALTER ROLE ${pg.escapeIdentifier(role)} ${change}`),
    );
  await alter("SET log_statement = 'all'");
  await alter('SET log_parameter_max_length = 0');
  try {
    const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
    const { status } = spawnSync(process.execPath, [...jest, `apps/${service}/`], {
      cwd: workspace,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_ENV: 'test' },
    });
    if (status !== 0) throw new Error(`The specs of ${service} failed, so nothing of it is kept.`);
  } finally {
    await alter('RESET log_statement');
    await alter('RESET log_parameter_max_length');
  }
  return statementsIn(readFileSync(log).subarray(startsAt).toString(), role);
}

function keep(service: ServiceName, statements: readonly string[]): Promise<void> {
  const { common, ofTenants } = partTenants(statements);
  return withScratchDatabase(service, environment, async (owner) => {
    const session = await MigrationSession.open(owner);
    try {
      await new Migrator(session, migrationsFolder(service)).migrate();
      await keepPlannable(service, owner.name, service, common);
      if (service !== 'monitor') return;
      await session.client.query(`CREATE SCHEMA ${scratchTenant.schema}`);
      await new Migrator(session, migrationsFolder('monitor-tenant'), scratchTenant).migrate();
      await keepPlannable(service, owner.name, 'monitor-tenant', ofTenants, scratchTenant.schema);
    } finally {
      await session.close();
    }
  });
}

async function keepPlannable(
  service: ServiceName,
  database: string,
  name: string,
  statements: readonly string[],
  schema = 'public',
): Promise<void> {
  const { host, port, user, password } = loadEnvironment(
    migrationEnvironments[service],
    environment,
  ).database;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    const guards = await readGuards(client, schema);
    const inSchema = (statement: string) => statement.replaceAll('${schema}', schema);
    const broken = await findBrokenStatements(client, { statements: statements.map(inSchema), guards });
    const kept = statements.filter((each) => !broken.some(({ statement }) => statement === inSchema(each)));
    await writeRelease(name, { statements: kept, guards });
    for (const { statement, fault } of broken) {
      console.log(`${name}: left out: ${fault}: ${statement.replaceAll(/\s+/g, ' ')}`);
    }
    console.log(`${name}: ${kept.length} statements`);
  } finally {
    await client.end();
  }
}
