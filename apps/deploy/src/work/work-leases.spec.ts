import { randomUUID } from 'node:crypto';
import { createDataSource, Database, uuidv7 } from '@capsule/database';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import type { DataSource } from 'typeorm';
import { LeaseLost } from './interruption.js';
import { WorkLeases } from './work-leases.js';
import { WorkQueue } from './work-queue.js';

const LEASE_SECONDS = 30;

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

  const letLeasesRunOut = () =>
    testDatabase.asSuperuser((db) => db.query(`UPDATE work_items SET due_at = now() - interval '1 second'`));

  it('is given to one holder only, however many ask at the same moment', async () => {
    const ids = await add(40);
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => leases.claim(randomUUID(), LEASE_SECONDS, 10)),
    );
    const given = claims.flat().map(({ subjectId }) => subjectId);
    expect(given).toHaveLength(new Set(given).size);
    expect(given.every((id) => ids.includes(id))).toBe(true);
    const rest = await leases.claim(randomUUID(), LEASE_SECONDS, 100);
    expect(given.length + rest.length).toBe(40);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 100)).toEqual([]);
  });

  it('goes to another holder when the lease has run out, and the first one can write nothing any more', async () => {
    const [id = ''] = await add(1);
    const [dead, next] = [randomUUID(), randomUUID()];
    await leases.claim(dead, LEASE_SECONDS, 1);
    await letLeasesRunOut();
    // Nobody else has claimed it yet, and still the lease is not the first one's any more.
    await expect(database.withTenant(tenantId, (tx) => queue.hold(tx, id, dead))).rejects.toThrow(LeaseLost);

    expect(await leases.claim(next, LEASE_SECONDS, 1)).toEqual([
      { subjectId: id, tenantId, kind: 'deployment' },
    ]);

    await expect(database.withTenant(tenantId, (tx) => queue.hold(tx, id, dead))).rejects.toThrow(LeaseLost);
    await database.withTenant(tenantId, (tx) => queue.hold(tx, id, next));
    expect(await leases.extend(dead, LEASE_SECONDS, [id])).toEqual([]);
    expect(await leases.extend(next, LEASE_SECONDS, [id])).toEqual([{ subjectId: id, interrupted: false }]);
  });

  it('is not taken over while its holder extends the lease', async () => {
    const [id = ''] = await add(1);
    const holder = randomUUID();
    await leases.claim(holder, 1, 1);
    await leases.extend(holder, LEASE_SECONDS, [id]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 1)).toEqual([]);
    await database.withTenant(tenantId, (tx) => queue.hold(tx, id, holder));
  });

  it('is due again although its holder lives, when the holder could not let it go', async () => {
    const [stuck = '', inHand = ''] = await add(2);
    const holder = randomUUID();
    await leases.claim(holder, 1, 2);
    expect(await leases.extend(holder, LEASE_SECONDS, [inHand])).toEqual([
      { subjectId: inHand, interrupted: false },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const due = await leases.claim(randomUUID(), LEASE_SECONDS, 2);
    expect(due.map(({ subjectId }) => subjectId)).toEqual([stuck]);
  });

  it('tells its holder when it was interrupted, and is due at once when nobody holds it', async () => {
    const [id = ''] = await add(1);
    const holder = randomUUID();
    await leases.claim(holder, LEASE_SECONDS, 1);
    await database.withTenant(tenantId, (tx) => queue.interrupt(tx, id));
    expect(await leases.extend(holder, LEASE_SECONDS, [id])).toEqual([{ subjectId: id, interrupted: true }]);

    await database.withTenant(tenantId, (tx) => queue.postpone(tx, id, holder, 3_600));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 1)).toEqual([]);
    await database.withTenant(tenantId, (tx) => queue.interrupt(tx, id));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 1)).toHaveLength(1);
  });

  it('is handed back at once by an orderly end', async () => {
    await add(3);
    const holder = randomUUID();
    await leases.claim(holder, LEASE_SECONDS, 3);
    await leases.releaseAll(holder);
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 3)).toHaveLength(3);
  });

  it('of one tenant is not seen by another', async () => {
    const [id = ''] = await add(1);
    await database.withTenant(randomUUID(), (tx) => queue.remove(tx, id));
    expect(await leases.claim(randomUUID(), LEASE_SECONDS, 1)).toHaveLength(1);
  });
});
