/**
 * From the commit of a sign-up in auth to the commit of its effect in billing, at a steady rate. Postgres itself tells
 * when each row was committed (track_commit_timestamp), and both clusters read one clock. Sign-ups are asked for on the
 * bus as the gateway asks for them: HTTP is measured elsewhere, and here would only take the cores that the events need.
 * Each writes two events of auth, handled by deploy and monitor as well, and makes billing publish one of its own. The
 * target is for a hundred events of auth a second; how it is at twice that, where two cores are full, is told beside it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { userSignUp } from '@capsule/contracts';
import { NatsConnection, RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atLeast, atMost, median, percentile, type Row, told } from './row.js';

const EVENTS_PER_SECOND = 100;
/** The organization that was founded, and its first member. */
const EVENTS_OF_A_SIGN_UP = 2;
const SIGN_UPS_PER_SECOND = EVENTS_PER_SECOND / EVENTS_OF_A_SIGN_UP;
const SECONDS = 8;
const ROUNDS = 3;
const WARM_UP_SECONDS = 5;
const EFFECT = 'commit in auth → effect committed in billing';
const SETTLE_TIMEOUT_MS = 20_000;

export async function measureEventLatency(running: PrivatePlatform): Promise<Row[]> {
  // A hundred schemas of new tenants a second would take the cores, too; how soon one is made is measured by itself.
  const provisioner = running.platform.processes.find(({ name }) => name === 'provisioner');
  await provisioner?.stop();
  const { url, passwords } = running.settings.nats;
  const connection = await NatsConnection.open('gateway', {
    url,
    user: 'gateway',
    password: passwords.gateway,
  });
  try {
    const rpc = new RpcClient(connection);
    await signUp(rpc, 'warm', SIGN_UPS_PER_SECOND, WARM_UP_SECONDS);
    const usual = await measureAt(running, rpc, SIGN_UPS_PER_SECOND, 'usual');
    const full = await measureAt(running, rpc, 2 * SIGN_UPS_PER_SECOND, 'full');
    return [
      atMost(`${EFFECT}, p50`, usual.p50, 'ms', 10),
      atMost(`${EFFECT}, p99`, usual.p99, 'ms', 60),
      atLeast('events of auth in that run', usual.eventsPerSecond, '/s', 95),
      told(`${EFFECT}, p50 at ${2 * EVENTS_PER_SECOND} events/s`, full.p50, 'ms'),
      told(`${EFFECT}, p99 at ${2 * EVENTS_PER_SECOND} events/s`, full.p99, 'ms'),
    ];
  } finally {
    await connection.onApplicationShutdown();
    await provisioner?.start();
  }
}

interface Figures {
  /** Milliseconds. */
  p50: number;
  p99: number;
  eventsPerSecond: number;
}

async function measureAt(
  running: PrivatePlatform,
  rpc: RpcClient,
  signUpsPerSecond: number,
  name: string,
): Promise<Figures> {
  const rounds: Figures[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const roundName = `${name}-${round}`;
    const startedAt = performance.now();
    await signUp(rpc, roundName, signUpsPerSecond, SECONDS);
    const seconds = (performance.now() - startedAt) / 1000;
    const latencies = await readLatencies(running, roundName);
    rounds.push({
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      eventsPerSecond: (signUpsPerSecond * SECONDS * EVENTS_OF_A_SIGN_UP) / seconds,
    });
  }
  return {
    p50: median(rounds.map((round) => round.p50)),
    p99: median(rounds.map((round) => round.p99)),
    eventsPerSecond: median(rounds.map((round) => round.eventsPerSecond)),
  };
}

/** Sends them evenly over time, whether or not earlier ones have been answered. */
async function signUp(rpc: RpcClient, name: string, perSecond: number, seconds: number): Promise<void> {
  const startedAt = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = startedAt + (index * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    const account = {
      email: `${name}-${index}@example.com`,
      password: 'a long enough password',
      name: 'Bench',
      organizationName: `${name} ${index}`,
    };
    answers.push(runInContext({ requestId: randomUUID() }, () => rpc.call(userSignUp, account)));
  }
  await Promise.all(answers);
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
