/**
 * From the commit of a sign-up in auth to the commit of its effect in billing, at a steady rate. Postgres itself tells
 * when each row was committed (track_commit_timestamp), and both clusters read one clock. Sign-ups are asked for on the
 * bus as the gateway asks for them: HTTP is measured elsewhere, and here would only take the cores that the events need.
 * Each writes two events of auth, handled by deploy and monitor as well, and makes billing publish one of its own. The
 * target is for a hundred events a second, which may be read in two ways, so it is asked of both: a hundred events of auth,
 * and a hundred organizations, each with its effect in billing.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { userSignUp } from '@capsule/contracts';
import { NatsConnection, RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atLeast, atMost, median, percentile, type Row } from './row.js';

/** A sign-up tells of the organization that was founded, and of its first member. */
const loads = [
  { name: '100 events of auth/s', signUpsPerSecond: 50, eventsOfASignUp: 2 },
  { name: '100 organizations/s', signUpsPerSecond: 100, eventsOfASignUp: 1 },
];
type Load = (typeof loads)[number];

const P50_LIMIT_MS = 10;
const P99_LIMIT_MS = 60;
/** A few less than wanted, for the answers of the last ones are waited for. */
const LEAST_PER_SECOND = 95;
const SECONDS = 8;
const ROUNDS = 3;
const WARM_UP_SECONDS = 5;
const EFFECT = 'commit in auth → effect committed in billing';
const CIRCUMSTANCE = 'the provisioner stands still';
const SETTLE_TIMEOUT_MS = 20_000;

export async function measureEventLatency(running: PrivatePlatform): Promise<Row[]> {
  // A hundred schemas of new tenants a second would take the cores, too; how soon one is made is measured by itself.
  const provisioner = running.platform.processes.find(({ name }) => name === 'provisioner');
  await provisioner?.stop();
  const { url, passwords } = running.settings.nats;
  const connection = await NatsConnection.open('gateway', {
    url,
    password: passwords.gateway,
  });
  try {
    const rpc = new RpcClient(connection);
    await signUp(rpc, 'warm', 50, WARM_UP_SECONDS);
    const rows: Row[] = [];
    for (const load of loads) rows.push(...(await measureAt(running, rpc, load)));
    return rows;
  } finally {
    await connection.onApplicationShutdown();
    await provisioner?.start();
  }
}

async function measureAt(
  running: PrivatePlatform,
  rpc: RpcClient,
  { name, signUpsPerSecond, eventsOfASignUp }: Load,
): Promise<Row[]> {
  const p50: number[] = [];
  const p99: number[] = [];
  const perSecond: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const roundName = `${signUpsPerSecond}-${round}`;
    const startedAt = performance.now();
    const answered = await signUp(rpc, roundName, signUpsPerSecond, SECONDS);
    const seconds = (performance.now() - startedAt) / 1000;
    const latencies = await readLatencies(running, roundName);
    p50.push(percentile(latencies, 0.5));
    p99.push(percentile(latencies, 0.99));
    perSecond.push((answered * eventsOfASignUp) / seconds);
  }
  return [
    atMost(`${EFFECT}, ${name}, ${CIRCUMSTANCE}, p50`, median(p50), 'ms', P50_LIMIT_MS),
    atMost(`${EFFECT}, ${name}, ${CIRCUMSTANCE}, p99`, median(p99), 'ms', P99_LIMIT_MS),
    atLeast(`${name} wanted, answered for`, median(perSecond), '/s', LEAST_PER_SECOND),
  ];
}

/**
 * Sends them evenly over time, whether or not earlier ones have been answered.
 * @returns how many were answered: one that was not in time is a miss of the rate, and no reason to measure nothing
 */
async function signUp(rpc: RpcClient, name: string, perSecond: number, seconds: number): Promise<number> {
  const startedAt = performance.now();
  const answers: Promise<boolean>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = startedAt + (index * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    const account = {
      email: `${name}-${index}@example.com`,
      password: 'a long enough password',
      name: 'Bench',
      organizationName: `${name} ${index}`,
    };
    const answer = runInContext({ requestId: randomUUID() }, () => rpc.call(userSignUp, account));
    answers.push(
      answer.then(
        () => true,
        () => false,
      ),
    );
  }
  return (await Promise.all(answers)).filter(Boolean).length;
}

async function readLatencies({ home, settings }: PrivatePlatform, name: string): Promise<number[]> {
  const { auth, billing } = settings.clusters;
  const from = await connectAsSuperuser(home, 'auth', auth, auth.database);
  const to = await connectAsSuperuser(home, 'billing', billing, billing.database);
  try {
    const { rows } = await from.query<{ id: string; at: number }>(
      `SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS at
       FROM organizations WHERE name LIKE $1`,
      [`${name} %`],
    );
    const committed = new Map(rows.map((row) => [row.id, row.at]));
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const effects = await to.query<{ id: string; at: number }>(
        `SELECT tenant_id AS id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS at
         FROM customers WHERE tenant_id = ANY ($1::uuid[])`,
        [[...committed.keys()]],
      );
      if (effects.rows.length === committed.size) {
        return effects.rows.map((row) => row.at - (committed.get(row.id) ?? Number.NaN));
      }
      if (performance.now() > deadline) {
        throw new Error(`only ${effects.rows.length} of ${committed.size} events had their effect`);
      }
      await sleep(100);
    }
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
}
