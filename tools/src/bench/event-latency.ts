/**
 * From the commit of a sign-up in auth to the commit of its effect in billing, at a steady rate. Postgres itself tells
 * when each row was committed (track_commit_timestamp), and both clusters read one clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api/api.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atMost, percentile, type Row } from './row.js';

const EVENTS_PER_SECOND = 100;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const SETTLE_TIMEOUT_MS = 20_000;

export async function measureEventLatency(running: PrivatePlatform, api: Api): Promise<Row[]> {
  await signUp(api, 'warm', WARM_UP_SECONDS * EVENTS_PER_SECOND);
  const startedAt = performance.now();
  await signUp(api, 'measured', SECONDS * EVENTS_PER_SECOND);
  const rate = (SECONDS * EVENTS_PER_SECOND * 1000) / (performance.now() - startedAt);
  const latencies = await readLatencies(running);
  return [
    atMost('commit in auth → effect committed in billing, p50', percentile(latencies, 0.5), 'ms', 10),
    atMost('commit in auth → effect committed in billing, p99', percentile(latencies, 0.99), 'ms', 60),
    {
      name: 'events per second in that run',
      value: rate,
      unit: '/s',
      baseline: null,
      ratio: null,
      target: '≥ 95 /s',
      ok: rate >= 95,
    },
  ];
}

/** Sends them evenly over time, whether or not earlier ones have been answered. */
async function signUp(api: Api, name: string, count: number): Promise<void> {
  const startedAt = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const due = startedAt + (index * 1000) / EVENTS_PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    const account = {
      email: `${name}-${index}@example.com`,
      password: 'a long enough password',
      name: 'Bench',
      organizationName: `${name} ${index}`,
    };
    answers.push(api.post('/v1/auth/sign-up', account));
  }
  await Promise.all(answers);
}

async function readLatencies({ home, settings }: PrivatePlatform): Promise<number[]> {
  const { auth, billing } = settings.clusters;
  const from = await connectAsSuperuser(home, 'auth', auth, auth.database);
  const to = await connectAsSuperuser(home, 'billing', billing, billing.database);
  try {
    const { rows } = await from.query<{ id: string; at: number }>(
      `SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS at
       FROM organizations WHERE name LIKE 'measured %'`,
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
