import { currencySchema, meterSchema, planList } from '@capsule/contracts';
import {
  createTestDatabase,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

describe('plans', () => {
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

  it('are listed from the smallest, each with a price of every meter in every currency', async () => {
    const { items } = await billing.call(planList, {});
    expect(items.map(({ code }) => code)).toEqual(['free', 'pro', 'enterprise']);
    for (const plan of items) {
      expect(plan.prices.map(({ currency }) => currency).sort()).toEqual([...currencySchema.options].sort());
      for (const price of plan.prices) {
        expect(price.usage.map(({ meter }) => meter).sort()).toEqual([...meterSchema.options].sort());
      }
    }
  });

  it('grow from one to the next in everything they allow', async () => {
    const { items } = await billing.call(planList, {});
    for (const [index, plan] of items.slice(1).entries()) {
      for (const [name, value] of Object.entries(plan.entitlements)) {
        expect([name, value]).toEqual([name, expect.any(Number)]);
        expect(value).toBeGreaterThan(items[index]?.entitlements[name as 'maxApps'] ?? Infinity);
      }
    }
  });

  it('cost nothing on the free one, whatever is used', async () => {
    const { items } = await billing.call(planList, {});
    for (const price of items[0]?.prices ?? []) {
      expect(price.monthlyAmountMinor).toBe('0');
      for (const usage of price.usage) expect(usage.unitAmountMinor).toBe('0');
    }
  });

  // By month, then each second, GiB hour and deployment beyond what is included, in hundredths of the currency.
  it.each([
    ['pro', 'USD', '2000', '0.0014', '0.6', '1'],
    ['pro', 'EUR', '1900', '0.0013', '0.55', '1'],
    ['pro', 'GBP', '1600', '0.0011', '0.48', '1'],
    ['pro', 'BRL', '9900', '0.007', '3', '5'],
    ['enterprise', 'USD', '49900', '0.0011', '0.48', '0.5'],
    ['enterprise', 'EUR', '46900', '0.001', '0.45', '0.5'],
    ['enterprise', 'GBP', '39900', '0.00088', '0.38', '0.5'],
    ['enterprise', 'BRL', '249900', '0.0055', '2.4', '2.5'],
  ])('cost on %s in %s: %s a month', async (code, currency, month, second, gibibyteHour, deployment) => {
    const { items } = await billing.call(planList, {});
    const prices = items.find((plan) => plan.code === code)?.prices ?? [];
    const { monthlyAmountMinor, usage } = prices.find((price) => price.currency === currency)!;
    expect(monthlyAmountMinor).toBe(month);
    expect(Object.fromEntries(usage.map(({ meter, unitAmountMinor }) => [meter, unitAmountMinor]))).toEqual({
      cpu_seconds: second,
      memory_gib_hours: gibibyteHour,
      deployments: deployment,
    });
  });

  it('write prices as exact decimals', async () => {
    const { items } = await billing.call(planList, {});
    const price = items[1]?.prices.find(({ currency }) => currency === 'USD');
    expect(price).toMatchObject({
      monthlyAmountMinor: '2000',
      usage: expect.arrayContaining([
        { meter: 'cpu_seconds', includedQuantity: '360000', unitAmountMinor: '0.0014' },
      ]),
    });
  });

  it('cannot be changed by the running service', async () => {
    const { Database } = await import('@capsule/database');
    for (const table of ['plans', 'plan_prices', 'plan_usage_prices']) {
      const write = billing.app.get(Database).withoutTenant((tx) => tx.query(`DELETE FROM ${table}`));
      await expect(write).rejects.toThrow('permission denied');
    }
  });
});
