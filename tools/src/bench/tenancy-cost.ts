/** What the tenant costs against the same prepared statement without one, at as many connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MonitorDatabase } from './monitor-database.js';
import { atLeastRatio, median, type Row } from './row.js';
import { activityId, tenantId, TENANTS_WITH_ACTIVITIES } from './tenant-seed.js';

const CONNECTIONS = 10;
const ROUNDS = 5;
const ROUND_MS = 1_500;

const readActivity = {
  name: 'bench-activity',
  text: 'SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities WHERE id = $1',
};
const anything = { name: 'bench-anything', text: 'SELECT 1' };

/**
 * `pipelined`: the read goes out together with BEGIN and context, as it does when it is the first statement.
 * `sequential`: it waits for another statement, which opened the transaction.
 * `read only`: it takes its COMMIT along, too, as `readTenant` does.
 */
export async function measureTenancy({ database, unbound }: MonitorDatabase): Promise<Row[]> {
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
