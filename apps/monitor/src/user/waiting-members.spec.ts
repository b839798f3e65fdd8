import { randomUUID } from 'node:crypto';
import { MigrationSession } from '@capsule/database/migrations';
import { eventually } from '@capsule/testing';
import type pg from 'pg';
import { migrateTenants } from '../provisioning/migrate-tenants.js';
import { TenantRegistry } from '../provisioning/tenant-registry.js';
import { schemaOf, TenantsFixture } from '../provisioning/tenants.fixture.js';
import { MemberEvents } from './member-events.fixture.js';

const INSUFFICIENT_PRIVILEGE = '42501';

describe('a member whose tenant has no tables yet', () => {
  let tenants: TenantsFixture;
  let events: MemberEvents;
  let session: MigrationSession;
  let outsider: pg.Client;

  beforeAll(async () => {
    tenants = await TenantsFixture.create();
    events = new MemberEvents(tenants.database);
    session = await MigrationSession.open(tenants.test.owner);
    outsider = await tenants.test.connectAsSuperuser();
  });
  afterEach(() => outsider.query('ROLLBACK'));
  afterAll(async () => {
    await Promise.all([session?.close(), outsider?.end()]);
    await tenants?.close();
  });

  const waiting = (tenantId: string) =>
    tenants.rows('SELECT user_id AS id, role FROM waiting_members WHERE tenant_id = $1', [tenantId]);
  const users = (tenantId: string) =>
    tenants.rows<{ id: string }>(`SELECT * FROM ${schemaOf(tenantId)}.users`);
  const make = () => migrateTenants(tenants.test.owner, 2);
  const takeOutOfService = (tenantId: string) =>
    tenants.rows("UPDATE tenants SET state = 'provisioning' WHERE id = $1", [tenantId]);

  /** Waits until somebody waits for the lock. */
  const standsBefore = (lock: 'ExclusiveLock' | 'ShareLock') =>
    eventually(async () => {
      const { rows } = await outsider.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND mode = $1
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [lock],
      );
      expect(rows).toHaveLength(1);
    });

  it.each([
    ['before its organization', false],
    ['while its tables are being made', true],
  ])('told of %s waits as it was told last, and is moved when they are ready', async (_, isKnown) => {
    const tenantId = randomUUID();
    if (isKnown) await tenants.register(tenantId);
    const ada = await events.add(tenantId, randomUUID(), { role: 'viewer' });
    await events.add(tenantId, ada, { role: 'admin', name: 'Ada L.' });
    expect(await waiting(tenantId)).toEqual([{ id: ada, role: 'admin' }]);
    const [row] = await tenants.rows<{ created_at: Date }>(
      'SELECT created_at FROM waiting_members WHERE tenant_id = $1',
      [tenantId],
    );

    await tenants.register(tenantId);
    await make();

    expect(await users(tenantId)).toMatchObject([
      {
        id: ada,
        email: 'ada@example.com',
        name: 'Ada L.',
        role: 'admin',
        joined_at: new Date('2026-01-01T10:00:00.000Z'),
        created_at: row?.created_at,
      },
    ]);
    expect(await waiting(tenantId)).toEqual([]);
  });

  it('waits on while the tables cannot be made, and is moved when they could be', async () => {
    const tenantId = await tenants.register();
    await tenants.rows(`CREATE SCHEMA ${schemaOf(tenantId)} AUTHORIZATION monitor_owner`);
    await tenants.rows(`CREATE TABLE ${schemaOf(tenantId)}.users ()`);
    const early = await events.add(tenantId);
    expect((await make()).failed).toMatchObject([{ tenantId }]);
    expect(await tenants.row(tenantId)).toMatchObject({ state: 'failed' });
    const late = await events.add(tenantId);
    expect(await waiting(tenantId)).toHaveLength(2);

    await tenants.rows(`DROP TABLE ${schemaOf(tenantId)}.users`);
    expect((await make()).failed).toEqual([]);

    expect((await users(tenantId)).map(({ id }) => id).sort()).toEqual([early, late].sort());
    expect(await waiting(tenantId)).toEqual([]);
  });

  it('of one tenant is moved with it and with no other', async () => {
    const [acme, globex] = [await tenants.register(), randomUUID()];
    const [ada, bob] = [await events.add(acme), await events.add(globex)];
    await make();
    expect(await users(acme)).toMatchObject([{ id: ada }]);
    expect(await waiting(globex)).toMatchObject([{ id: bob }]);
  });

  it('replaces what its tables have of it, when they were out of service meanwhile', async () => {
    const { id: tenantId } = await tenants.make();
    const ada = await events.add(tenantId, randomUUID(), { role: 'viewer' });
    await takeOutOfService(tenantId);
    await events.add(tenantId, ada, { role: 'admin' });
    await make();
    expect(await users(tenantId)).toMatchObject([{ id: ada, role: 'admin' }]);
  });

  it('holds the activation back until its row is committed, which is then moved', async () => {
    const { id: tenantId } = await tenants.make();
    await takeOutOfService(tenantId);
    const ada = randomUUID();
    let activation: Promise<unknown> | undefined;
    await tenants.database.withTenant(tenantId, async (tx) => {
      tx.keepOpen();
      await events.handle(tx, ada);
      activation = new TenantRegistry(session.client).activate(tenantId);
      await standsBefore('ExclusiveLock');
    });
    await activation;
    expect(await users(tenantId)).toMatchObject([{ id: ada }]);
    expect(await waiting(tenantId)).toEqual([]);
  });

  it('whose event comes during the activation stands by, and goes to the tables itself', async () => {
    const { id: tenantId } = await tenants.make();
    await takeOutOfService(tenantId);
    await outsider.query('BEGIN');
    await outsider.query("UPDATE tenants SET state = 'active' WHERE id = $1", [tenantId]);
    const adding = events.add(tenantId);
    await standsBefore('ShareLock');
    await outsider.query('COMMIT');
    const ada = await adding;
    expect(await users(tenantId)).toMatchObject([{ id: ada }]);
    expect(await waiting(tenantId)).toEqual([]);
  });

  it('is never lost when its event and the activation come at the same time', async () => {
    const { id: tenantId } = await tenants.make();
    const registry = new TenantRegistry(session.client);
    const added: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      await takeOutOfService(tenantId);
      const coming = Array.from({ length: 4 }, () => events.add(tenantId));
      await Promise.all([registry.activate(tenantId), ...coming]);
      added.push(...(await Promise.all(coming)));
    }
    expect((await users(tenantId)).map(({ id }) => id).sort()).toEqual(added.sort());
    expect(await waiting(tenantId)).toEqual([]);
  });

  it('is seen by its tenant alone, and the service can neither forget it nor move it to another', async () => {
    const tenantId = randomUUID();
    const ada = await events.add(tenantId);
    const asService = (id: string, statement: string) =>
      tenants.database.withTenant(id, (tx) => tx.query(statement));
    expect(await asService(tenantId, 'SELECT user_id AS id FROM waiting_members')).toEqual([{ id: ada }]);
    expect(await asService(randomUUID(), 'SELECT FROM waiting_members')).toEqual([]);
    for (const statement of [
      'DELETE FROM waiting_members',
      'UPDATE waiting_members SET tenant_id = user_id',
    ]) {
      await expect(asService(tenantId, statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    }
  });
});
