import { randomUUID } from 'node:crypto';
import { createDataSource, Database, uuidv7 } from '@capsule/database';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import type { DataSource } from 'typeorm';
import { LeaseLost } from './interruption.js';
import { WorkHandlers } from './work-handlers.js';
import { type ClaimedWork, WorkLeases } from './work-leases.js';
import { WorkQueue } from './work-queue.js';
import { Worker } from './worker.js';

const LEASE_SECONDS = 30;

const upTo = (count: number) => ({ build: count, deployment: count, instance: count });

describe('work under leases', () => {
  const tenantId = randomUUID();
  const queue = new WorkQueue();
  let testDatabase: TestDatabase;
  let source: DataSource;
  let database: Database;
  let leases: WorkLeases;

  beforeAll(async () => {
    testDatabase = await createTestDatabase('deploy');
    source = await createDataSource(testDatabase.settings, 'spec', []).initialize();
    database = new Database(source);
    leases = new WorkLeases(database);
  });

  afterAll(async () => {
    await database?.close();
    await testDatabase?.close();
  });

  beforeEach(() => testDatabase.asSuperuser((db) => db.query('DELETE FROM work_items')));

  async function add(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => uuidv7());
    await database.withTenant(tenantId, async (tx) => {
      for (const id of ids) await queue.add(tx, id, 'deployment');
    });
    return ids;
  }

  /** A deployment without anything it belongs to. */
  async function addDeployment(
    state: string,
    artifactId: string | null,
    isCanceled: boolean,
  ): Promise<string> {
    const id = uuidv7();
    await testDatabase.asSuperuser(async (db) => {
      await db.query(`SET session_replication_role = 'replica'`);
      await db.query(
        `INSERT INTO deployments
           (id, tenant_id, project_id, app_id, number, state, source_type, git_url, artifact_id, cancel_requested_at)
         VALUES ($1, $2, $1, $1, 1, $3, 'git', 'https://example.com/x.git', $4, $5)`,
        [id, tenantId, state, artifactId, isCanceled ? new Date() : null],
      );
      await db.query(`SET session_replication_role = 'origin'`);
    });
    await database.withTenant(tenantId, (tx) => queue.add(tx, id, 'deployment'));
    return id;
  }

  const letLeasesRunOut = () =>
    testDatabase.asSuperuser((db) => db.query(`UPDATE work_items SET due_at = now() - interval '1 second'`));

  it('is given to one holder only, however many ask at the same moment', async () => {
    const ids = await add(40);
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => leases.claim(randomUUID(), LEASE_SECONDS, upTo(10))),
    );
    const given = claims.flat().map(({ subjectId }) => subjectId);
    expect(given).toHaveLength(new Set(given).size);
    expect(given.every((id) => ids.includes(id))).toBe(true);
    const rest = await leases.claim(randomUUID(), LEASE_SECONDS, upTo(100));
    expect(given.length + rest.length).toBe(40);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(100))).toEqual([]);
  });

  it('goes to another holder when the lease has run out, and the first one can write nothing any more', async () => {
    const [id = ''] = await add(1);
    const [dead, next] = [randomUUID(), randomUUID()];
    await leases.claim(dead, LEASE_SECONDS, upTo(1));
    await letLeasesRunOut();
    // Nobody else has claimed it yet, and still the lease is not the first one's any more.
    await expect(database.withTenant(tenantId, (tx) => queue.hold(tx, id, dead))).rejects.toThrow(LeaseLost);

    expect(await leases.claim(next, LEASE_SECONDS, upTo(1))).toEqual([
      { subjectId: id, tenantId, kind: 'deployment', lane: 'deployment' },
    ]);

    await expect(database.withTenant(tenantId, (tx) => queue.hold(tx, id, dead))).rejects.toThrow(LeaseLost);
    await database.withTenant(tenantId, (tx) => queue.hold(tx, id, next));
    expect(await leases.extend(dead, LEASE_SECONDS, [id])).toEqual([]);
    expect(await leases.extend(next, LEASE_SECONDS, [id])).toEqual([{ subjectId: id, interrupted: false }]);
  });

  it('is not taken over while its holder extends the lease', async () => {
    const [id = ''] = await add(1);
    const holder = randomUUID();
    await leases.claim(holder, 1, upTo(1));
    await leases.extend(holder, LEASE_SECONDS, [id]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toEqual([]);
    await database.withTenant(tenantId, (tx) => queue.hold(tx, id, holder));
  });

  it('is due again although its holder lives, when the holder could not let it go', async () => {
    const [stuck = '', inHand = ''] = await add(2);
    const holder = randomUUID();
    await leases.claim(holder, 1, upTo(2));
    expect(await leases.extend(holder, LEASE_SECONDS, [inHand])).toEqual([
      { subjectId: inHand, interrupted: false },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const due = await leases.claim(randomUUID(), LEASE_SECONDS, upTo(2));
    expect(due.map(({ subjectId }) => subjectId)).toEqual([stuck]);
  });

  it('tells its holder when it was interrupted, and is due at once when nobody holds it', async () => {
    const [id = ''] = await add(1);
    const holder = randomUUID();
    await leases.claim(holder, LEASE_SECONDS, upTo(1));
    await database.withTenant(tenantId, (tx) => queue.interrupt(tx, id));
    expect(await leases.extend(holder, LEASE_SECONDS, [id])).toEqual([{ subjectId: id, interrupted: true }]);

    await database.withTenant(tenantId, (tx) => queue.postpone(tx, id, holder, 3_600));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toEqual([]);
    await database.withTenant(tenantId, (tx) => queue.interrupt(tx, id));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toHaveLength(1);
  });

  it('of a lane is given however much waits in front of it in another', async () => {
    const builds = await Promise.all(
      ['created', 'queued', 'build_in_progress'].map((state) => addDeployment(state, null, false)),
    );
    const others = await Promise.all([
      addDeployment('queued', uuidv7(), false),
      addDeployment('build_in_progress', null, true),
      addDeployment('update_in_progress', uuidv7(), false),
    ]);
    const instance = uuidv7();
    await database.withTenant(tenantId, (tx) => queue.add(tx, instance, 'instance'));
    const laneOf = (claimed: ClaimedWork[], lane: string) =>
      claimed.filter((work) => work.lane === lane).map((work) => work.subjectId);

    const first = await leases.claim(randomUUID(), LEASE_SECONDS, { build: 2, deployment: 16, instance: 16 });

    expect(laneOf(first, 'build')).toHaveLength(2);
    expect(laneOf(first, 'deployment').sort()).toEqual(others.sort());
    expect(laneOf(first, 'instance')).toEqual([instance]);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, { build: 0, deployment: 9, instance: 9 })).toEqual(
      [],
    );
    const second = await leases.claim(randomUUID(), LEASE_SECONDS, upTo(9));
    expect([...laneOf(first, 'build'), ...laneOf(second, 'build')].sort()).toEqual(builds.sort());
  });

  it('changes its lane with its deployment, and waits for no build any more', async () => {
    const [canceled, superseded] = await Promise.all([
      addDeployment('queued', null, false),
      addDeployment('queued', null, false),
    ]);
    const claimOthers = () =>
      leases.claim(randomUUID(), LEASE_SECONDS, { build: 0, deployment: 9, instance: 9 });
    expect(await claimOthers()).toEqual([]);
    await database.withTenant(tenantId, async (tx) => {
      await tx.query('UPDATE deployments SET cancel_requested_at = now() WHERE id = $1', [canceled]);
      await tx.query(`UPDATE deployments SET state = 'superseded', ended_at = now() WHERE id = $1`, [
        superseded,
      ]);
    });
    const claimed = await claimOthers();
    expect(claimed.map(({ subjectId }) => subjectId).sort()).toEqual([canceled, superseded].sort());
  });

  it('is handed back at once by an orderly end', async () => {
    await add(3);
    const holder = randomUUID();
    await leases.claim(holder, LEASE_SECONDS, upTo(3));
    await leases.releaseAll(holder);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(3))).toHaveLength(3);
  });

  it("that would not let go does not hold up an orderly end, and is nobody else's before its lease runs out", async () => {
    await add(1);
    const handlers = new WorkHandlers();
    const begun = new Promise<void>((begin) => {
      const run = () => (begin(), new Promise<void>(() => {}));
      handlers.register('deployment', { run, giveUp: () => Promise.resolve() });
    });
    const http = { host: '127.0.0.1', port: 1, drainDelayMs: 0, graceSeconds: 1 };
    const worker = new Worker(database, leases, queue, handlers, { http });
    worker.start();
    await begun;
    await worker.stop();
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toEqual([]);
    await letLeasesRunOut();
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toHaveLength(1);
  });

  it('of one tenant is not seen by another', async () => {
    const [id = ''] = await add(1);
    await database.withTenant(randomUUID(), (tx) => queue.remove(tx, id));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, upTo(1))).toHaveLength(1);
  });
});
