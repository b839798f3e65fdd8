import type { Database, Transaction } from '@capsule/database';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase, md5Uuid, QueryPlans } from '@capsule/testing';
import { DeadLetters } from './dead-letters.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { OutboxRows } from './outbox-rows.js';

// Nearly everything was published long ago; some is due, and some will be.
const ROWS = `
  SET session_replication_role = replica;
  CREATE TEMP TABLE events AS
    SELECT uuid_generate_v4() AS id, md5('tenant' || n % 300)::uuid AS tenant_id, n FROM generate_series(1, 22000) n;
  INSERT INTO outbox (id, tenant_id, stream, type, envelope, published_at, stream_sequence, next_attempt_at)
    SELECT id, tenant_id, 'CAPSULE_AUTH', 't', jsonb_build_object('id', id, 'type', 't', 'tenantid', tenant_id),
           CASE WHEN n <= 20000 THEN now() END, CASE WHEN n <= 20000 THEN n END, now() + (n - 20050) * interval '1 minute'
    FROM events;
  INSERT INTO idempotent_requests (tenant_id, operation, key, request_hash)
    SELECT md5('tenant' || n % 300)::uuid, 'project.create', 'key-' || n, digest(n::text, 'sha256')
    FROM generate_series(1, 20000) n;
  INSERT INTO dead_letters (tenant_id, consumer, event_id, event_type, envelope, error, attempts, replayed_at)
    SELECT md5('tenant' || n % 300)::uuid, 'c', uuid_generate_v4(), 't', '{}', 'e', 1, now() FROM generate_series(1, 5000) n`;

describe('the hot queries of the outbox and its siblings, under policies', () => {
  const tenant = md5Uuid('tenant7');
  let plans: QueryPlans;
  beforeAll(async () => {
    const test = await createTestDatabase('auth');
    await test.asSuperuser((client) => client.query(ROWS));
    plans = await QueryPlans.watch(test);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));
  const rows = (work: (outbox: OutboxRows, tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withoutTenant((tx) => work(new OutboxRows(database), tx)));
  const looked = (table: string, index: string, condition: RegExp) => ({
    table,
    index,
    condition: expect.stringMatching(condition),
  });

  it('claim what is due by stream, in the order of time, however much was published', async () => {
    expect(await rows((outbox, tx) => outbox.claim(tx, 'CAPSULE_AUTH', 100))).toEqual([
      looked('outbox', 'ix_outbox__due', /stream/),
    ]);
  });

  it('mark what was published by id and by sequence', async () => {
    const stream = { name: 'CAPSULE_AUTH', created: '2026-01-01T00:00:00Z' };
    await plans.scansOf((database) =>
      new OutboxRows(database).republishLost({ ...stream, lastSequence: 20_000 }),
    );
    const scans = await rows((outbox, tx) => outbox.markPublished(tx, stream, [md5Uuid('nobody')], [20_001]));
    const inOutbox = scans.filter(({ table }) => table === 'outbox');
    expect(inOutbox).toEqual([
      looked('outbox', 'ix_outbox__sequence', /stream_sequence/),
      // To see whether somebody holds it, and to mark it.
      looked('outbox', 'pk_outbox', /id = /),
      looked('outbox', 'pk_outbox', /id = /),
    ]);
  });

  it('find the answer of a repeated request by tenant, operation and key', async () => {
    const context = { requestId: 'r', idempotencyKey: 'key-7' };
    const repeat = (tx: Transaction) =>
      runInContext(context, () =>
        new IdempotentRequests().once(tx, 'project.create', {}, () => Promise.resolve(1)),
      );
    // The request differs from the one in the table.
    const scans = await scansOf((tx) => repeat(tx).catch(() => undefined));
    expect(scans).toEqual([
      looked('idempotent_requests', 'uq_idempotent_requests__key', /tenant_id.*operation.*key/),
    ]);
  });

  it('list open dead letters of all tenants in the order of their index', async () => {
    const list = (database: Database) =>
      new DeadLetters(database, {} as never, {} as never, {} as never, {} as never).list({ limit: 20 });
    expect(await plans.scansOf(list)).toEqual([looked('dead_letters', 'ix_dead_letters__created_at', /^$/)]);
  });
});
