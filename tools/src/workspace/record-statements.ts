/**
 * `node tools/dist/workspace/record-statements.js <service…>` (`npm run statements`; docs/runbooks/migrations.md says when):
 * runs the specs of each service, has PostgreSQL log what is sent in the role of the service, whichever process sends it,
 * and keeps that as the statements of the last release. What a spec sends to tables of its own is left out: it can't be
 * planned on a freshly migrated database.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadEnvironment, migrationEnvironments } from '@capsule/config';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import {
  findBrokenStatements,
  migrationsFolder,
  Migrator,
  writeReleasedStatements,
} from '@capsule/database/migrations';
import pg from 'pg';
import { holdTestServers } from '../supervisor/hold-test-servers.js';
import { chooseHome } from '../supervisor/home.js';
import { asSuperuser, withScratchDatabase } from './scratch-database.js';
import { statementsIn } from './statement-log.js';

const workspace = resolve(import.meta.dirname, '../../..');
const { environment, release } = await holdTestServers(workspace);
try {
  for (const service of serviceNames.filter((each) => process.argv.slice(2).includes(each))) {
    const statements = await plannable(service, await record(service));
    await writeReleasedStatements(service, statements);
    console.log(`${service}: ${statements.length} statements`);
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

function plannable(service: ServiceName, statements: readonly string[]): Promise<string[]> {
  const { host, port, user, password } = loadEnvironment(
    migrationEnvironments[service],
    environment,
  ).database;
  return withScratchDatabase(service, environment, async (owner) => {
    await new Migrator(owner, migrationsFolder(service)).migrate();
    const client = new pg.Client({ host, port, user, password, database: owner.name });
    await client.connect();
    try {
      const broken = await findBrokenStatements(client, statements);
      return statements.filter((statement) => !broken.some((each) => each.statement === statement));
    } finally {
      await client.end();
    }
  });
}
