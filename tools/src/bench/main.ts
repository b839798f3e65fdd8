/** `npm run bench`: one table. `--json FILE` writes the rows; `-- <part>` measures one part only. */
import { resolve } from 'node:path';
import type { ResponseOf, userSignUp } from '@capsule/contracts';
import { Api } from '../api/api.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { terminalReporter } from '../supervisor/reporter.js';
import { UsageError } from '../usage-error.js';
import { type BenchRequest, readArguments } from './arguments.js';
import { measureBatches } from './batches.js';
import { measureColdStarts } from './cold-start.js';
import { measureEventLatency } from './event-latency.js';
import { measureFootprint } from './footprint.js';
import { measureHttpRatio } from './http-ratio.js';
import { measureIdleMigration } from './idle-migration.js';
import { measureReloads } from './reload.js';
import { printTable, type Row, writeRows } from './row.js';
import { measureSecondStart } from './second-start.js';
import { measureTenantMigrations } from './tenant-migrations.js';
import { measureTenantQueries } from './tenant-queries.js';

const workspace = resolve(import.meta.dirname, '../../..');

const unlimited = '100000000';
const variables = {
  GATEWAY_LIMIT_PER_MINUTE: unlimited,
  GATEWAY_STRICT_LIMIT_PER_MINUTE: unlimited,
  // A hundred sign-ups a second would measure bcrypt at its usual cost, not events.
  AUTH_SERVICE_BCRYPT_COST: '4',
};

const account = {
  email: 'bench@example.com',
  password: 'a long enough password',
  name: 'Bench',
  organizationName: 'Bench',
};

/** The pair that the platform is compared with has the next thousand. */
const FIRST_PORT = 23_000;

type Part = () => Promise<Row[]>;

const parts: Record<string, Part> = {
  footprint: onPlatform((running) => measureFootprint(running, workspace)),
  http: onPlatform(async (running) => {
    const api = new Api(running.gatewayUrl);
    const { accessToken } = await api.post<ResponseOf<typeof userSignUp>>('/v1/auth/sign-up', account);
    return measureHttpRatio(running, api.as(accessToken), accessToken);
  }),
  events: onPlatform(measureEventLatency),
  database: onPlatform(async (running) => [
    ...(await measureBatches(running)),
    ...(await measureIdleMigration(running, workspace)),
    ...(await measureTenantMigrations(running, workspace)),
    // The last, for it fills the platform's own database.
    ...(await measureTenantQueries(running)),
  ]),
  'cold-start': onPlatform(measureColdStarts),
  reload: onPlatform((running) => measureReloads(running, workspace)),
  'second-start': () => measureSecondStart(workspace, FIRST_PORT),
};

/** A platform of its own for each part, so that none measures what another left behind. */
function onPlatform(measure: (running: PrivatePlatform) => Promise<Row[]>): Part {
  return async () => {
    const running = await startPrivatePlatform({
      workspace,
      name: 'bench',
      firstPort: FIRST_PORT,
      reporter: terminalReporter,
      variables,
    });
    try {
      return await measure(running);
    } finally {
      await running.stop();
    }
  };
}

const request = readRequest();
const rows: Row[] = [];
for (const part of request.parts) rows.push(...((await parts[part]?.()) ?? []));
console.log('');
printTable(rows);
if (request.json !== undefined) writeRows(request.json, rows);
process.exit(rows.every((row) => row.ok) ? 0 : 1);

function readRequest(): BenchRequest {
  try {
    return readArguments(process.argv.slice(2), Object.keys(parts));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console[error.exitCode === 0 ? 'log' : 'error'](error.message);
    process.exit(error.exitCode);
  }
}
