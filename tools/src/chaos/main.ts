/**
 * `npm run chaos -- --organizations 300 [--wipe-nats] [--without-inbox]`: the proof that nothing is lost or done twice.
 *
 * While organizations sign up and make projects and apps through the gateway, services die: some by `kill -9` from
 * outside at any moment, some at the treacherous places (tools/chaos/faults.mjs). NATS is killed too, and with
 * --wipe-nats loses its store. Then everything settles, and ids are compared by SQL across the four databases.
 * With --without-inbox the same run has to find duplicates: a proof that could not fail would prove nothing. Nor would
 * one in which something of that did not happen: such a run fails, too, and says why.
 */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { Api } from '../api/api.js';
import { startPrivatePlatform } from '../supervisor/private-platform.js';
import type { Reporter } from '../supervisor/reporter.js';
import { compareDatabases, openDatabases } from './comparison.js';
import { makeTraceTables } from './effect-traces.js';
import { deathsOfAll, places } from './faults.js';
import { Killer } from './killer.js';
import { NATS_RESTARTS, type Run, shortfalls } from './proof.js';
import { RedeliveryCount } from './redeliveries.js';
import { Republished } from './republished.js';
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
  firstPort: 21_000,
  reporter: quiet,
  unbundled: true,
  variables,
});
let run: Run;
try {
  run = await runChaos();
} finally {
  await running.stop();
}

for (const line of run.verdict.findings) console.log(`  ${line}`);
const { kills, deaths, natsRestarts, republished, verdict } = run;
console.log(
  `kills=${kills} ${places.map((place) => `deaths-at-${place}=${deaths[place]}`).join(' ')} ` +
    `nats-restarts=${natsRestarts}/${NATS_RESTARTS} republished=${republished ?? 'not wiped'} ` +
    `redeliveries=${run.redeliveries} lost=${verdict.lost} duplicated=${verdict.duplicated}`,
);
const reasons = shortfalls(run);
for (const reason of reasons) console.log(reason);
process.exit(reasons.length === 0 ? 0 : 1);

async function runChaos(): Promise<Run> {
  const databases = await openDatabases(running);
  const republished = new Republished(databases);
  const redeliveries = new RedeliveryCount(running);
  const killer = new Killer(running);
  try {
    await makeTraceTables(databases);
    await killer.arm();
    console.log(`${organizations} organizations sign up while services die …`);
    const traffic = makeTraffic(new Api(running.gatewayUrl), organizations);
    const onWipe = values['wipe-nats'] ? () => republished.rememberPublished() : undefined;
    killer.start({ progress: traffic.progress, onWipe });
    const acknowledged = await traffic.done;
    await killer.stop();
    console.log('the traffic has ended; waiting for everything to settle …');
    const verdict = await compareDatabases(databases, acknowledged);
    await redeliveries.stop();
    return {
      kills: killer.kills,
      deaths: deathsOfAll(running.home.logs),
      natsRestarts: killer.natsRestarts,
      republished: values['wipe-nats'] ? await republished.count() : undefined,
      redeliveries: redeliveries.total,
      withoutInbox: values['without-inbox'],
      unanswered: acknowledged.unanswered,
      verdict,
    };
  } finally {
    await databases.close();
  }
}
