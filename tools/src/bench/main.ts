/** `npm run bench`: one table. `--json FILE` writes the rows; `-- <part>` measures one part only. */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import type { ResponseOf, userSignUp } from '@capsule/contracts';
import { Api } from '../api/api.js';
import { deployDemo } from '../supervisor/demo.js';
import { type PrivatePlatform, startPrivatePlatform } from '../supervisor/private-platform.js';
import { terminalReporter } from '../supervisor/reporter.js';
import { measureBatches } from './batches.js';
import { measureColdStarts } from './cold-start.js';
import { measureEventLatency } from './event-latency.js';
import { measureFootprint } from './footprint.js';
import { measureHttpRatio } from './http-ratio.js';
import { measureReloads } from './reload.js';
import { printTable, type Row, writeRows } from './row.js';
import { measureSecondStart } from './second-start.js';

const workspace = resolve(import.meta.dirname, '../../..');
const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });

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

const parts: Record<string, (running: PrivatePlatform) => Promise<Row[]>> = {
  // First, while the services are as fresh as after `npm start`.
  footprint: async (running) => {
    await deployDemo(workspace, running.home, running.source, terminalReporter);
    return measureFootprint(running);
  },
  http: async (running) => {
    const api = new Api(running.gatewayUrl);
    const { accessToken } = await api.post<ResponseOf<typeof userSignUp>>('/v1/auth/sign-up', account);
    return measureHttpRatio(running, api.as(accessToken), accessToken);
  },
  events: measureEventLatency,
  database: async (running) => [...(await measureBatches(running))],
  'cold-start': measureColdStarts,
  reload: (running) => measureReloads(running, workspace),
  'second-start': measureSecondStart,
};

const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = chosen.find((part) => !(part in parts));
if (unknown !== undefined) {
  console.error(`There is no part named ${unknown}; there are ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

const running = await startPrivatePlatform({
  workspace,
  name: 'bench',
  firstPort: 37_000,
  reporter: terminalReporter,
  variables,
});
const rows: Row[] = [];
try {
  for (const part of chosen) rows.push(...((await parts[part]?.(running)) ?? []));
} finally {
  await running.stop();
}
console.log('');
printTable(rows);
if (values.json !== undefined) writeRows(values.json, rows);
process.exit(rows.every((row) => row.ok) ? 0 : 1);
