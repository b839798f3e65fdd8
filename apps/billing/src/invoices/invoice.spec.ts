import { randomUUID } from 'node:crypto';
import { invoiceGetUpcoming, organizationCreated, subscriptionGet, usageRecorded } from '@capsule/contracts';
import {
  createTestDatabase,
  eventually,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

const HOUR_MS = 3_600_000;

describe('the upcoming invoice', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let billing: TestService;

  beforeAll(async () => {
    [database, nats] = await Promise.all([createTestDatabase('billing'), startTestNats()]);
    billing = await TestService.start({
      service: 'billing',
      module: async () => (await import('../app.module.js')).AppModule,
      database,
      nats,
    });
  });

  afterAll(async () => {
    await billing?.close();
    await nats?.close();
    await database?.close();
  });

  function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return database.asSuperuser(async (client) => (await client.query(query, values)).rows as Row[]);
  }

  const as = (tenantId: string) => ({
    tenantId,
    actor: { type: 'user' as const, id: randomUUID(), role: 'admin' },
  });

  async function openAccount(planCode: string): Promise<string> {
    const tenantId = randomUUID();
    const data = {
      organizationId: tenantId,
      name: 'Acme',
      slug: 'acme',
      ownerUserId: randomUUID(),
      ownerEmail: 'ada@example.com',
      createdAt: new Date(Date.now() - 240 * HOUR_MS).toISOString(),
    };
    await billing.emit(organizationCreated, data, { tenantId });
    await eventually(() => billing.call(subscriptionGet, {}, as(tenantId)));
    // Plans can't be changed over the API yet.
    await rows('UPDATE subscriptions SET plan_code = $2 WHERE tenant_id = $1', [tenantId, planCode]);
    return tenantId;
  }

  async function use(tenantId: string, cpuSeconds: string, memoryGibHours: string): Promise<void> {
    const start = Date.now() - HOUR_MS * (1 + Math.random() * 200);
    const id = await billing.emit(
      usageRecorded,
      {
        appId: randomUUID(),
        windowStart: new Date(start).toISOString(),
        windowEnd: new Date(start + HOUR_MS).toISOString(),
        quantities: [
          { meter: 'cpu_seconds', quantity: cpuSeconds },
          { meter: 'memory_gib_hours', quantity: memoryGibHours },
        ],
      },
      { tenantId },
    );
    await eventually(async () => {
      expect(await rows('SELECT FROM inbox WHERE event_id = $1', [id])).toHaveLength(1);
    });
  }

  it('of the free plan is zero, and shows what was used', async () => {
    const tenantId = await openAccount('free');
    await use(tenantId, '50000.25', '1');
    const invoice = await billing.call(invoiceGetUpcoming, {}, as(tenantId));
    expect(invoice).toMatchObject({ planCode: 'free', currency: 'USD', totalAmountMinor: '0' });
    expect(invoice.lines).toContainEqual(
      expect.objectContaining({
        meter: 'cpu_seconds',
        quantity: '50000.25',
        includedQuantity: '36000',
        amountMinor: '0',
      }),
    );
  });

  it('charges what a paid plan does not include', async () => {
    const tenantId = await openAccount('pro');
    await use(tenantId, '1000000', '200.5');
    await use(tenantId, '360000.5', '1299.5');
    const invoice = await billing.call(invoiceGetUpcoming, {}, as(tenantId));
    expect(invoice.lines.map(({ meter, amountMinor }) => [meter, amountMinor])).toEqual([
      [null, '2000'],
      ['cpu_seconds', '1400'],
      ['memory_gib_hours', '0'],
      ['deployments', '0'],
    ]);
    expect(invoice.totalAmountMinor).toBe('3400');
    expect(Date.parse(invoice.periodStart)).toBeLessThan(Date.now());
    expect(Date.parse(invoice.periodEnd)).toBeGreaterThan(Date.now());
  });

  it('has lines that sum to what the database itself makes of the ledger, for random usage', async () => {
    const tenantId = await openAccount('enterprise');
    for (let round = 0; round < 10; round += 1) {
      await use(tenantId, decimal(3e6), decimal(9_000));
      const invoice = await billing.call(invoiceGetUpcoming, {}, as(tenantId));
      const amounts = invoice.lines.map(({ amountMinor }) => BigInt(amountMinor));
      expect(String(amounts.reduce((total, amount) => total + amount, 0n))).toBe(invoice.totalAmountMinor);
      expect(invoice.totalAmountMinor).toBe(await totalOf(tenantId));
    }
  });

  /** The same sum by Postgres' own decimals, from the ledger instead of the totals. */
  async function totalOf(tenantId: string): Promise<string> {
    const [row] = await rows<{ total: string }>(
      `SELECT round(p.monthly_amount_minor + coalesce(sum(
                greatest(u.quantity - up.included_quantity, 0) * up.unit_amount_minor), 0), 0)::text AS total
       FROM subscriptions s
       JOIN plan_prices p ON p.plan_code = s.plan_code AND p.currency = s.currency
       JOIN plan_usage_prices up ON up.plan_code = s.plan_code AND up.currency = s.currency
       LEFT JOIN (SELECT meter, sum(quantity) AS quantity FROM usage_records WHERE tenant_id = $1 GROUP BY meter) u
         ON u.meter = up.meter
       WHERE s.tenant_id = $1
       GROUP BY p.monthly_amount_minor`,
      [tenantId],
    );
    return row?.total ?? '';
  }
});

function decimal(below: number): string {
  return (Math.random() * below).toFixed(9);
}
