import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, Database, uuidv7 } from '@capsule/database';
import { createTestDatabase, eventually, type TestDatabase } from '@capsule/testing';
import { WorkHandlers } from './work-handlers.js';
import { WorkLeases } from './work-leases.js';
import { WorkQueue } from './work-queue.js';
import { Worker } from './worker.js';

const SLOTS = 4;
const settings = { http: { host: '127.0.0.1', port: 0, drainDelayMs: 0, graceSeconds: 10 } };
const LEASE_SECONDS = 30;
const builds = (count: number) => ({ build: count, deployment: 0, instance: 0 });

describe('builds, over all processes of the database', () => {
  const tenantId = randomUUID();
  let testDatabase: TestDatabase;
  let database: Database;
  let leases: WorkLeases;

  beforeAll(async () => {
    testDatabase = await createTestDatabase('deploy');
    const source = createDataSource(testDatabase.settings, 'spec', []);
    database = new Database(await source.initialize());
    leases = new WorkLeases(database);
  });

  afterAll(async () => {
    await database?.close();
    await testDatabase?.close();
  });

  beforeEach(() =>
    testDatabase.asSuperuser(async (db) => {
      await db.query('DELETE FROM work_items');
      await db.query(`SET session_replication_role = 'replica'`);
      await db.query('DELETE FROM deployments');
    }),
  );

  /** Deployments that are due to be built, without anything they belong to. */
  async function addBuilds(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => uuidv7());
    await testDatabase.asSuperuser(async (db) => {
      await db.query(`SET session_replication_role = 'replica'`);
      await db.query(
        `INSERT INTO deployments (id, tenant_id, project_id, app_id, number, state, source_type, git_url)
         SELECT id, $2, id, id, 1, 'queued', 'git', 'https://example.com/x.git' FROM unnest($1::uuid[]) AS id`,
        [ids, tenantId],
      );
      await db.query(`SET session_replication_role = 'origin'`);
      await db.query(
        `INSERT INTO work_items (subject_id, tenant_id, kind)
         SELECT id, $2, 'deployment' FROM unnest($1::uuid[]) AS id`,
        [ids, tenantId],
      );
    });
    return ids;
  }

  const change = (statement: string) => testDatabase.asSuperuser((db) => db.query(statement));

  it('are never more than there are slots, under 1,000 simultaneous claims too', async () => {
    await addBuilds(100);
    const claims = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => leases.claim(randomUUID(), LEASE_SECONDS, builds(2))),
    );
    expect(claims.flatMap((claim) => (claim.status === 'fulfilled' ? claim.value : []))).toHaveLength(SLOTS);
    // Who was turned away for the load alone has claimed nothing.
    const refused = claims.flatMap((claim) => (claim.status === 'rejected' ? [claim.reason as unknown] : []));
    for (const reason of refused) expect(reason).toMatchObject({ code: 'platform.service.overloaded' });
  }, 60_000);

  it('keep their slot while they are being canceled, and free it when their lease has run out', async () => {
    await addBuilds(9);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, builds(9))).toHaveLength(SLOTS);
    await change('UPDATE deployments SET cancel_requested_at = now()');
    await addBuilds(1);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, builds(9))).toEqual([]);

    await change(`UPDATE work_items SET due_at = now() - interval '1 second' WHERE holder IS NOT NULL`);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, builds(9))).toHaveLength(1);
  });

  it('of six workers all get their turn, and never more run at once than there are slots', async () => {
    const waiting = new Set(await addBuilds(40));
    let running = 0;
    let most = 0;
    const workers = Array.from({ length: 6 }, () => {
      const queue = new WorkQueue();
      const handlers = new WorkHandlers();
      handlers.register('deployment', {
        run: async ({ subjectId }) => {
          most = Math.max(most, (running += 1));
          await sleep(20);
          running -= 1;
          await database.withTenant(tenantId, (tx) => queue.remove(tx, subjectId));
          waiting.delete(subjectId);
        },
        giveUp: () => Promise.reject(new Error('nothing fails here')),
      });
      return new Worker(database, leases, queue, handlers, settings);
    });
    for (const worker of workers) worker.start();
    try {
      await eventually(() => expect(waiting.size).toBe(0), 20_000);
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
    expect(most).toBe(SLOTS);
  }, 30_000);
});
