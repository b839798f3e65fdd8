// npm run db:seed [-- --scale <n> --force]: three demo organizations with a past of 30 days, in the platform that runs.
// docs/runbooks/seeds.md.
//
// Exit codes: 0 written, or all was there; 1 a service could not write its part, or the platform isn't running; 2 wrong
// usage or environment, or refused.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EnvironmentError } from '@capsule/config';
import type { SeedPlan } from '@capsule/contracts';
import { demoPlan } from './seed/demo-plan.js';
import { isRunning, reasonAgainst, seedPlatform } from './seed/seed-platform.js';
import { readEnvironment } from './supervisor/environment-file.js';
import { chooseHome, openHome } from './supervisor/home.js';
import { withHomePaths } from './supervisor/services.js';
import { UsageError } from './usage-error.js';

const USAGE = 'usage: npm run db:seed -- [--scale <1 to 1000>] [--force]';
const SCALE_MAX = 1_000;
/** Known to everybody who reads this, so it opens demo accounts on one's own machine and nowhere else. */
const LOCAL_PASSWORD = 'capsule-demo';
const PRINTED_MAX = 3;
const workspace = resolve(import.meta.dirname, '../..');

class RefusedError extends Error {}

async function main(): Promise<number> {
  const { scale, force } = readFlags();
  const environment = readEnvironment(workspace, process.env);
  const home = openHome(chooseHome(workspace, environment['CAPSULE_HOME']));
  const source = withHomePaths(environment, home, workspace);
  const against = reasonAgainst(source);
  if (against !== undefined && !force) {
    throw new RefusedError(`Nothing is seeded: ${against}. --force does it all the same.`);
  }
  const isLocal = against === undefined;
  const target = { workspace, source, progress: 'inherit' } as const;
  if (!(await isRunning(target))) {
    console.error('The platform is not running, and its events carry the seeds: `npm start` first.');
    return 1;
  }
  const plan = demoPlan(new Date(), scale);
  const password = isLocal ? LOCAL_PASSWORD : randomBytes(24).toString('base64url');
  const written = await seedPlatform(target, plan, password, (service) => console.error(service));
  const rows = Object.values(written).reduce((sum, each) => sum + each, 0);
  console.log(
    rows === 0
      ? '\nAll of it was there already: nothing was changed.'
      : `\n${rows} rows written. The last events, and with them the usage, arrive within seconds.`,
  );
  if (isLocal) printAccounts(plan);
  else console.log('The demo users have a password that nobody knows: this is not only your machine.');
  return 0;
}

function printAccounts({ organizations }: SeedPlan): void {
  for (const { name, planCode, members } of organizations.slice(0, PRINTED_MAX)) {
    console.log(`\n${name} (${planCode})`);
    for (const { role, email } of members) console.log(`  ${role.padEnd(10)} ${email}`);
  }
  const more = organizations.length - PRINTED_MAX;
  if (more > 0) console.log(`\n… and ${more} more, with their number in the name and the domain`);
  console.log(`\nThe password of all of them is ${LOCAL_PASSWORD}.`);
}

function readFlags(): { scale: number; force: boolean } {
  try {
    const { values } = parseArgs({
      options: { scale: { type: 'string', default: '1' }, force: { type: 'boolean', default: false } },
    });
    const scale = Number(values.scale);
    if (!Number.isInteger(scale) || scale < 1 || scale > SCALE_MAX) throw new UsageError(USAGE);
    return { scale, force: values.force };
  } catch {
    throw new UsageError(USAGE);
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    const isRefused =
      error instanceof UsageError || error instanceof EnvironmentError || error instanceof RefusedError;
    process.exitCode = isRefused ? 2 : 1;
  },
);
