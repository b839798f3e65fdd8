/**
 * What a service asks of its database for a tenant, with a million rows beside those it may see: how long each question
 * takes, and what the tenant costs against the same statement without one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '@capsule/database';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atLeastRatio, atMost, median, percentile, type Row } from './row.js';
import { createScratchDatabase, type ScratchDatabase } from './scratch-database.js';
import {
  activityId,
  seedTenants,
  tenantDomain,
  tenantId,
  TENANTS,
  TENANTS_WITH_ACTIVITIES,
} from './tenant-seed.js';

const CONNECTIONS = 10;
const ROUNDS = 5;
const ROUND_MS = 1_500;
const QUESTIONS = 5_000;
const P99_LIMIT_MS = 100;

const readActivity = {
  name: 'bench-activity',
  text: 'SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities WHERE id = $1',
};
const anything = { name: 'bench-anything', text: 'SELECT 1' };

const ACTIVITIES = 'SELECT id, type, summary, occurred_at FROM activities WHERE tenant_id = $1';
const NEWEST_FIRST = 'ORDER BY occurred_at DESC, id DESC LIMIT 50';

/** Asked of a tenant by its number. */
type Question = (tx: Transaction, tenant: number) => Promise<unknown>;

const questions: { name: string; tenants: number; ask: Question }[] = [
  {
    name: 'a tenant by its id',
    tenants: TENANTS,
    ask: (tx) => tx.query('SELECT name, domain, schema_name, plan FROM tenants WHERE id = $1', [tx.tenantId]),
  },
  {
    name: 'a tenant by its domain',
    tenants: TENANTS,
    ask: (tx, tenant) => tx.query('SELECT tenant_find_by_domain($1) AS id', [tenantDomain(tenant)]),
  },
  {
    name: 'an activity by its id',
    tenants: TENANTS_WITH_ACTIVITIES,
    ask: (tx, tenant) => tx.query(readActivity, [activityId(tenant, 7)]),
  },
  {
    name: 'the newest page of activities',
    tenants: TENANTS_WITH_ACTIVITIES,
    ask: (tx) => tx.query(`${ACTIVITIES} ${NEWEST_FIRST}`, [tx.tenantId]),
  },
  {
    name: 'a later page of activities',
    tenants: TENANTS_WITH_ACTIVITIES,
    ask: (tx, tenant) =>
      tx.query(
        `${ACTIVITIES} AND (occurred_at, id) < (now() - interval '5 days', $2::uuid) ${NEWEST_FIRST}`,
        [tx.tenantId, activityId(tenant, 7)],
      ),
  },
  {
    name: 'the number of activities',
    tenants: TENANTS_WITH_ACTIVITIES,
    ask: (tx) => tx.query('SELECT count(*) FROM activities WHERE tenant_id = $1', [tx.tenantId]),
  },
];

export async function measureTenantQueries(running: PrivatePlatform): Promise<Row[]> {
  const scratch = await createScratchDatabase(running, 'monitor', { poolMax: CONNECTIONS });
  try {
    await seedTenants(scratch.superuser);
    const rows: Row[] = [];
    for (const { name, tenants, ask } of questions) {
      rows.push(await askOften(`${name}, of a million, p99`, scratch, tenants, ask));
    }
    return [...(await measureTenancy(scratch)), ...rows];
  } finally {
    await scratch.drop();
  }
}

async function askOften(
  name: string,
  { database }: ScratchDatabase,
  tenants: number,
  ask: Question,
): Promise<Row> {
  const milliseconds: number[] = [];
  await onEachConnection(async () => {
    while (milliseconds.length < QUESTIONS) {
      const tenant = Math.floor(Math.random() * tenants);
      const startedAt = performance.now();
      await database.withTenant(tenantId(tenant), (tx) => ask(tx, tenant));
      milliseconds.push(performance.now() - startedAt);
    }
  });
  return atMost(name, percentile(milliseconds, 0.99), 'ms', P99_LIMIT_MS);
}

/**
 * `pipelined`: the read goes out together with BEGIN and context, as it does when it is the first statement.
 * `sequential`: it waits for another statement, which opened the transaction.
 * `read only`: it takes its COMMIT along, too, as `readTenant` does.
 */
async function measureTenancy({ database, unbound }: ScratchDatabase): Promise<Row[]> {
  const reads = {
    plain: (tenant: number) => unbound.query({ ...readActivity, values: [activityId(tenant, 7)] }),
    pipelined: (tenant: number) =>
      database.withTenant(tenantId(tenant), (tx) => tx.query(readActivity, [activityId(tenant, 7)])),
    sequential: (tenant: number) =>
      database.withTenant(tenantId(tenant), async (tx) => {
        await tx.query(anything);
        return tx.query(readActivity, [activityId(tenant, 7)]);
      }),
    readOnly: (tenant: number) =>
      database.readTenant(tenantId(tenant), (tx) => tx.query(readActivity, [activityId(tenant, 7)])),
  };
  const names = ['plain', 'pipelined', 'sequential', 'readOnly'] as const;
  const measured: Record<keyof typeof reads, number[]> = {
    plain: [],
    pipelined: [],
    sequential: [],
    readOnly: [],
  };
  for (const name of names) await readsPerSecond(reads[name]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) measured[name].push(await readsPerSecond(reads[name]));
  }
  const rowOf = (title: string, name: keyof typeof reads, least: number) =>
    atLeastRatio(
      `a row in ${title}, ${CONNECTIONS} connections`,
      median(measured[name]),
      median(measured.plain),
      'reads/s',
      least,
    );
  return [
    rowOf('withTenant, pipelined', 'pipelined', 0.4),
    rowOf('withTenant, sequential', 'sequential', 0.3),
    rowOf('readTenant', 'readOnly', 0.4),
  ];
}

async function readsPerSecond(read: (tenant: number) => Promise<unknown>): Promise<number> {
  let reads = 0;
  let isOver = false;
  const clock = sleep(ROUND_MS).then(() => (isOver = true));
  const startedAt = performance.now();
  await onEachConnection(async () => {
    while (!isOver) {
      await read(reads % TENANTS_WITH_ACTIVITIES);
      reads += 1;
    }
  });
  await clock;
  return (reads * 1_000) / (performance.now() - startedAt);
}

function onEachConnection(work: () => Promise<void>): Promise<void[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, work));
}
