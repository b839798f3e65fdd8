import { randomUUID } from 'node:crypto';
import type { Meter } from '@capsule/contracts';
import { Database } from '@capsule/database';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';
import { CustomerService } from '../customers/customer.service.js';
import { UsageService } from './usage.service.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TABLES = ['customers', 'subscriptions', 'entitlements', 'usage_records', 'usage_totals'];

describe('the ledger of usage', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let billing: TestService;
  let service: Database;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('billing'), startTestNats()]);
    billing = await TestService.start({
      service: 'billing',
      module: async () => (await import('../app.module.js')).AppModule,
      database,
      nats,
    });
    service = billing.app.get(Database);
  });

  afterAll(async () => {
    await billing?.close();
    await nats?.close();
    await database?.close();
  });

  function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return database.asSuperuser(async (client) => (await client.query(query, values)).rows as Row[]);
  }

  async function openAccount(createdAt: Date): Promise<string> {
    const tenantId = randomUUID();
    const customers = billing.app.get(CustomerService, { strict: false });
    const organization = { name: 'Acme', email: 'ada@example.com', createdAt };
    await service.withTenant(tenantId, (tx) => customers.open(tx, organization));
    return tenantId;
  }

  function record(
    tenantId: string,
    quantities: { meter: Meter; quantity: string }[],
    { eventId = randomUUID(), appId = randomUUID(), windowStart = new Date() } = {},
  ): Promise<void> {
    const usage = billing.app.get(UsageService, { strict: false });
    const windowEnd = new Date(windowStart.getTime() + HOUR_MS);
    return service.withTenant(tenantId, (tx) =>
      usage.record(tx, { eventId, appId, windowStart, windowEnd, quantities }),
    );
  }

  it('takes an event and meter once by itself, also without the inbox', async () => {
    const tenantId = await openAccount(new Date());
    const usage: [{ meter: Meter; quantity: string }[], object] = [
      [{ meter: 'cpu_seconds', quantity: '3' }],
      { eventId: randomUUID(), appId: randomUUID() },
    ];
    await Promise.all([1, 2, 3].map(() => record(tenantId, ...usage)));
    await record(tenantId, ...usage);
    expect(await rows('SELECT quantity FROM usage_records WHERE tenant_id = $1', [tenantId])).toEqual([
      { quantity: '3.000000000' },
    ]);
    expect(await rows('SELECT quantity FROM usage_totals WHERE tenant_id = $1', [tenantId])).toEqual([
      { quantity: '3.000000000' },
    ]);
  });

  it('has totals that equal it after many events at once, over several periods, apps and tenants', async () => {
    const createdAt = new Date(Date.now() - 100 * DAY_MS);
    const tenants = await Promise.all([openAccount(createdAt), openAccount(createdAt)]);
    const apps = Array.from({ length: 3 }, () => randomUUID());
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const quantities: { meter: Meter; quantity: string }[] = [
          { meter: 'memory_gib_hours', quantity: `0.00000000${index % 9}` },
          { meter: 'cpu_seconds', quantity: `${index}.${index}` },
        ];
        const windowStart = new Date(createdAt.getTime() + Math.random() * 99 * DAY_MS);
        return record(tenants[index % 2] ?? '', quantities, { appId: apps[index % 3], windowStart });
      }),
    );
    const sums = (table: string) =>
      rows<{ tenant_id: string }>(
        `SELECT tenant_id, app_id, meter, sum(quantity)::text AS quantity FROM ${table}
         WHERE tenant_id = ANY ($1) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        [tenants],
      );
    const ledger = await sums('usage_records');
    expect(ledger).toHaveLength(12);
    expect(await sums('usage_totals')).toEqual(ledger);
    const periods = await rows('SELECT DISTINCT period_number FROM usage_totals WHERE tenant_id = $1', [
      tenants[0],
    ]);
    expect(periods.length).toBeGreaterThan(2);
  });

  it.each(TABLES)('shows a tenant its own %s, and nobody any outside of a tenant', async (table) => {
    const [mine, foreign] = [await openAccount(new Date()), await openAccount(new Date())];
    for (const tenantId of [mine, foreign]) await record(tenantId, [{ meter: 'deployments', quantity: '1' }]);
    const seen = await service.withTenant(mine, (tx) => tx.query(`SELECT tenant_id FROM ${table}`));
    expect(seen).toEqual([{ tenant_id: mine }]);
    expect(await service.withoutTenant((tx) => tx.query(`SELECT FROM ${table}`))).toEqual([]);
  });

  it.each([
    'UPDATE usage_records SET quantity = 0',
    'DELETE FROM usage_records',
    'DELETE FROM usage_totals',
    'UPDATE subscriptions SET plan_code = plan_code',
  ])('cannot be rewritten by the running service: %s', async (statement) => {
    await expect(service.withTenant(randomUUID(), (tx) => tx.query(statement))).rejects.toThrow(
      'permission denied',
    );
  });

  it('is summed by an index over the totals, whatever its size', async () => {
    const tenantId = await openAccount(new Date());
    await rows(
      `INSERT INTO usage_totals (tenant_id, subscription_id, period_number, meter, app_id, quantity)
       SELECT s.tenant_id, s.id, n / 100, 'cpu_seconds', uuid_generate_v4(), 1
       FROM subscriptions s, generate_series(0, 9999) n WHERE s.tenant_id = $1`,
      [tenantId],
    );
    await rows('ANALYZE usage_totals');
    const plan = await service.withTenant(tenantId, async (tx) => {
      const [subscription] = await tx.query<{ id: string }>('SELECT id FROM subscriptions');
      return JSON.stringify(
        await tx.query(
          `EXPLAIN SELECT meter, sum(quantity) FROM usage_totals
           WHERE tenant_id = $1 AND subscription_id = $2 AND period_number = $3 GROUP BY meter`,
          [tenantId, subscription?.id, 7],
        ),
      );
    });
    expect(plan).toContain('uq_usage_totals__app');
    expect(plan).not.toContain('Seq Scan on usage_totals');
  });
});
