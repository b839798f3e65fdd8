/**
 * `npm run chaos -- --organizations 300 [--wipe-nats] [--without-inbox]`: the proof that nothing is lost or done twice.
 *
 * While organizations sign up and make projects and apps through the gateway, services die: some by `kill -9` from
 * outside at any moment, some at the two treacherous places (tools/chaos/faults.mjs). NATS is killed too, and with
 * --wipe-nats loses its store. Then everything settles, and ids are compared by SQL across the four databases.
 * With --without-inbox the same run has to find duplicates: a proof that could not fail would prove nothing.
 */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { Api } from '../api/api.js';
import { startPrivatePlatform } from '../supervisor/private-platform.js';
import type { Reporter } from '../supervisor/reporter.js';
import { compareDatabases, openDatabases, type Verdict } from './comparison.js';
import { Killer } from './killer.js';
import { RedeliveryCount } from './redeliveries.js';
import { makeTraffic } from './traffic.js';

const { values } = parseArgs({
  options: {
    organizations: { type: 'string', default: '300' },
    'wipe-nats': { type: 'boolean', default: false },
    'without-inbox': { type: 'boolean', default: false },
  },
});
const organizations = Number(values.organizations);
if (!Number.isInteger(organizations) || organizations < 1) {
  console.error('--organizations takes a whole number from 1.');
  process.exit(2);
}

const unlimited = '100000000';
const variables = {
  GATEWAY_LIMIT_PER_MINUTE: unlimited,
  GATEWAY_STRICT_LIMIT_PER_MINUTE: unlimited,
  AUTH_SERVICE_BCRYPT_COST: '4',
  EVENT_INBOX: values['without-inbox'] ? 'off' : 'on',
};
/** Deaths are what this is about; they are counted, not told one by one. */
const quiet: Reporter = { step: () => {}, note: () => {}, failure: () => {}, summary: () => {} };

const running = await startPrivatePlatform({
  workspace: resolve(import.meta.dirname, '../../..'),
  name: 'chaos',
  firstPort: 47_000,
  reporter: quiet,
  variables,
});
let verdict: Verdict;
const killer = new Killer(running);
const redeliveries = new RedeliveryCount(running);
try {
  await killer.arm();
  console.log(`${organizations} organizations sign up while services die …`);
  const traffic = makeTraffic(new Api(running.gatewayUrl), organizations);
  killer.start({ progress: traffic.progress, wipeNats: values['wipe-nats'] });
  const acknowledged = await traffic.done;
  await killer.stop();
  console.log('the traffic has ended; waiting for everything to settle …');
  const databases = await openDatabases(running);
  try {
    verdict = await compareDatabases(databases, acknowledged);
  } finally {
    await databases.close();
  }
  await redeliveries.stop();
} finally {
  await running.stop();
}

for (const line of verdict.findings) console.log(`  ${line}`);
const { lost, duplicated } = verdict;
console.log(
  `kills=${killer.kills} deaths-at-relay-or-consumer=${killer.faults} nats-restarts=${killer.natsRestarts} ` +
    `redeliveries=${redeliveries.total} lost=${lost} duplicated=${duplicated}`,
);
const expected = values['without-inbox'] ? duplicated > 0 : duplicated === 0;
if (values['without-inbox'] && !expected) {
  console.log('Without the inbox there have to be duplicates; without any this run proves nothing.');
}
process.exit(lost === 0 && redeliveries.total > 0 && killer.kills > 0 && expected ? 0 : 1);
