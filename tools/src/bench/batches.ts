/**
 * Batches through `insertBatches` against the same `unnest` written by hand on pg, into the same table of monitor as the
 * same role with as many connections. The hand-written side sets its tenant once for each connection and commits each
 * statement by itself: it has no transaction to begin and no context to set. The runs alternate, and so does which comes
 * first: what the one leaves to be written to disk falls on the other.
 */
import { migrationEnvironments, loadEnvironment } from '@capsule/config';
import { createDataSource, Database, insertBatches, uuidv7 } from '@capsule/database';
import pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { atLeastRatio, median, type Row } from './row.js';

const LEAST_RATIO = 0.8;
const CONNECTIONS = 2;
const BATCH_SIZE = 1_000;
const ROWS = 40_000;
const ROUNDS = 9;

const activities = {
  table: 'activities',
  columns: { id: 'uuid', event_id: 'uuid', type: 'text', summary: 'text', occurred_at: 'timestamptz' },
} as const;

type Activity = ReturnType<typeof activity>;

export async function measureBatches(running: PrivatePlatform): Promise<Row[]> {
  const { database: settings } = loadEnvironment(migrationEnvironments.monitor, running.source);
  const database = new Database(
    await createDataSource({ ...settings, poolMax: CONNECTIONS }, 'bench', []).initialize(),
  );
  const tenantId = uuidv7();
  const clients = await connectByHand(settings, tenantId);
  const inBatches = (rows: Activity[]) =>
    insertBatches(database, tenantId, activities, rows, {
      batchSize: BATCH_SIZE,
      maxConcurrency: CONNECTIONS,
    });
  const byHand = (rows: Activity[]) => insertByHand(clients, tenantId, rows);
  try {
    const measured = { inBatches: [] as number[], byHand: [] as number[] };
    for (const write of [inBatches, byHand]) await rowsPerSecond(write);
    for (let round = 0; round < ROUNDS; round += 1) {
      const byTurns = [
        async () => measured.inBatches.push(await rowsPerSecond(inBatches)),
        async () => measured.byHand.push(await rowsPerSecond(byHand)),
      ];
      for (const measure of round % 2 === 0 ? byTurns : byTurns.toReversed()) await measure();
    }
    const name = `rows in batches of ${BATCH_SIZE}, ${CONNECTIONS} connections`;
    return [atLeastRatio(name, median(measured.inBatches), median(measured.byHand), 'rows/s', LEAST_RATIO)];
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await database.close();
  }
}

async function rowsPerSecond(write: (rows: Activity[]) => Promise<unknown>): Promise<number> {
  const rows = Array.from({ length: ROWS }, (_, index) => activity(index));
  const startedAt = performance.now();
  await write(rows);
  return (ROWS * 1_000) / (performance.now() - startedAt);
}

function activity(index: number) {
  const occurredAt = new Date(Date.UTC(2030, 0, 1) + index * 1_000).toISOString();
  return {
    id: uuidv7(),
    event_id: uuidv7(),
    type: 'capsule.deploy.deployment.went-live.v1',
    summary: `Deployment ${index} went live`,
    occurred_at: occurredAt,
  };
}

async function connectByHand(
  {
    host,
    port,
    name,
    user,
    password,
  }: { host: string; port: number; name: string; user: string; password: string },
  tenantId: string,
): Promise<pg.Client[]> {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const client = new pg.Client({ host, port, database: name, user, password });
      await client.connect();
      await client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]);
      return client;
    }),
  );
}

async function insertByHand(clients: pg.Client[], tenantId: string, rows: Activity[]): Promise<void> {
  let start = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (start < rows.length) {
        const batch = rows.slice(start, start + BATCH_SIZE);
        start += BATCH_SIZE;
        await client.query(
          `INSERT INTO activities (tenant_id, id, event_id, type, summary, occurred_at)
           SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])`,
          [
            tenantId,
            batch.map((row) => row.id),
            batch.map((row) => row.event_id),
            batch.map((row) => row.type),
            batch.map((row) => row.summary),
            batch.map((row) => row.occurred_at),
          ],
        );
      }
    }),
  );
}
