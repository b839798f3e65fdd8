import type { Transaction } from '@capsule/database';
import { createTestDatabase, looked, md5Uuid, QueryPlans } from '@capsule/testing';
import { entities } from './entities.js';
import { SubscriptionRepository } from './subscriptions/subscription.repository.js';
import { UsageRepository } from './usage/usage.repository.js';

// 3,000 tenants with a subscription each; 200 of them use 25 apps over 3 periods.
const ROWS = `
  SET session_replication_role = replica;
  INSERT INTO customers (id, tenant_id, name, email, currency)
    SELECT md5('customer' || t)::uuid, md5('tenant' || t)::uuid, 'c', 'c@example.com', 'EUR' FROM generate_series(1, 3000) t;
  INSERT INTO subscriptions (id, tenant_id, customer_id, plan_code, currency, status, anchor)
    SELECT md5('subscription' || t)::uuid, md5('tenant' || t)::uuid, md5('customer' || t)::uuid, 'pro', 'EUR', 'active', now()
    FROM generate_series(1, 3000) t;
  INSERT INTO entitlements (tenant_id, plan_code, version, entitlements)
    SELECT md5('tenant' || t)::uuid, 'pro', 1, '{}' FROM generate_series(1, 3000) t;
  INSERT INTO usage_totals (tenant_id, subscription_id, period_number, meter, app_id, quantity)
    SELECT md5('tenant' || t)::uuid, md5('subscription' || t)::uuid, p, 'cpu_seconds', md5('app' || t || '-' || a)::uuid, 1
    FROM generate_series(1, 200) t, generate_series(1, 25) a, generate_series(0, 2) p;
  INSERT INTO usage_records (tenant_id, subscription_id, event_id, app_id, meter, window_start, window_end, quantity)
    SELECT tenant_id, subscription_id, uuid_generate_v4(), app_id, meter, now(), now(), 1 FROM usage_totals`;

describe('the hot queries of billing, under policies', () => {
  const subscriptions = new SubscriptionRepository();
  const usage = new UsageRepository();
  const tenant = md5Uuid('tenant7');
  const period = { subscriptionId: md5Uuid('subscription7'), periodNumber: 1 };
  let plans: QueryPlans;
  beforeAll(async () => {
    const test = await createTestDatabase('billing');
    await test.asSuperuser((client) => client.query(ROWS));
    plans = await QueryPlans.watch(test, entities);
  });
  afterAll(() => plans.close());

  const scansOf = (work: (tx: Transaction) => Promise<unknown>) =>
    plans.scansOf((database) => database.withTenant(tenant, work));

  it('find the active subscription by the tenant', async () => {
    expect(await scansOf((tx) => subscriptions.findActive(tx))).toEqual([
      looked('subscriptions', 'uq_subscriptions__active', /tenant_id/),
    ]);
  });

  it('find what the tenant may use by the tenant', async () => {
    expect(await scansOf((tx) => subscriptions.findEntitlement(tx))).toEqual([
      looked('entitlements', 'uq_entitlements__tenant_id', /tenant_id/),
    ]);
  });

  it.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['sum the usage of a period', (tx) => usage.sumByMeter(tx, period)],
    ['list the usage of a period by app', (tx) => usage.listByApp(tx, period, 10)],
  ])('%s by tenant, subscription and period', async (_, read) => {
    expect(await scansOf(read)).toEqual([
      looked('usage_totals', 'uq_usage_totals__app', /tenant_id.*subscription_id.*period_number/),
    ]);
  });
});
