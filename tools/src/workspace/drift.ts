/**
 * `node tools/dist/workspace/drift.js <service…>`: migrates an empty database of each service on the test servers, and
 * compares what that made with its kept catalogue and with the service's entities. Exits with 1 and a line for each
 * difference. With --write it keeps the catalogue instead (`npm run catalogue`).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { OwnerSettings } from '@capsule/config';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import {
  findCatalogueDrift,
  migrationsFolder,
  MigrationSession,
  Migrator,
  type OwnSchema,
  recordCatalogue,
} from '@capsule/database/migrations';
import { ensureEnvironmentFile, readEnvironment } from '../supervisor/environment-file.js';
import { holdTestServers } from '../supervisor/hold-test-servers.js';
import { scratchTenant, withScratchDatabase } from './scratch-database.js';

const workspace = resolve(import.meta.dirname, '../../..');
const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean' } },
  allowPositionals: true,
});

const scratch = mkdtempSync(join(tmpdir(), 'capsule-drift-'));
const { environment, release } = await holdTestServers(workspace);
try {
  // The secrets that a service asks for at its start; nothing is signed or hashed with them here.
  ensureEnvironmentFile(scratch, scratch);
  const source = readEnvironment(scratch, { ...environment, PATH: process.env['PATH'] });
  for (const service of serviceNames.filter((each) => positionals.includes(each))) {
    await withScratchDatabase(service, source, (owner) => check(service, owner, source));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
  await release();
}

async function check(
  service: ServiceName,
  owner: OwnerSettings,
  source: Record<string, string>,
): Promise<void> {
  const session = await MigrationSession.open(owner);
  try {
    await migrateAndCompare(session, service);
    if (service === 'monitor') {
      await session.client.query(`CREATE SCHEMA ${scratchTenant.schema}`);
      await migrateAndCompare(session, 'monitor-tenant', scratchTenant);
    }
  } finally {
    await session.close();
  }
  compareEntities(service, { ...source, [`${service.toUpperCase()}_SERVICE_DB_NAME`]: owner.name });
}

async function migrateAndCompare(session: MigrationSession, name: string, own?: OwnSchema): Promise<void> {
  const migrator = new Migrator(session, migrationsFolder(name), own);
  await migrator.migrate();
  if (values.write === true) await recordCatalogue(session.client, name, own);
  else report(name, await findCatalogueDrift(session.client, await migrator.info(), name, own));
}

/** The command runs in the scratch folder, against which the path of the signing key in its `.env` is relative. */
function compareEntities(service: ServiceName, env: Record<string, string>): void {
  const program = join(workspace, `apps/${service}/dist/command.js`);
  const result = spawnSync(process.execPath, [program, 'drift'], { cwd: scratch, env, encoding: 'utf8' });
  if (result.status !== 0) report(`entities of ${service}`, [`${result.stdout}${result.stderr}`.trim()]);
}

function report(name: string, differences: readonly string[]): void {
  for (const difference of differences) {
    console.error(`${name}: ${difference}`);
    process.exitCode = 1;
  }
}
