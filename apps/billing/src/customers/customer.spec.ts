import { randomUUID } from 'node:crypto';
import {
  entitlementsChanged,
  type EventEnvelope,
  invoiceGetUpcoming,
  organizationCreated,
  planList,
  subscriptionGet,
  usageGet,
} from '@capsule/contracts';
import { registry } from '@capsule/telemetry';
import {
  createTestDatabase,
  eventually,
  startTestNats,
  type TestDatabase,
  type TestNats,
  TestService,
} from '@capsule/testing';

describe('customers', () => {
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
      environment: { BILLING_SERVICE_DEFAULT_CURRENCY: 'EUR' },
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

  function found(tenantId: string, id?: string): Promise<string> {
    const data = {
      organizationId: tenantId,
      name: 'Acme',
      slug: 'acme',
      ownerUserId: randomUUID(),
      ownerEmail: 'ada@example.com',
      createdAt: '2026-01-31T10:00:00.000Z',
    };
    return billing.emit(organizationCreated, data, { tenantId, id });
  }

  const as = (tenantId: string, role = 'owner') => ({
    tenantId,
    actor: { type: 'user' as const, id: randomUUID(), role },
  });

  async function duplicatesDropped(): Promise<number> {
    const values = (await registry.getSingleMetric('capsule_event_duplicates_total')?.get())?.values ?? [];
    return values.reduce((total, { value }) => total + value, 0);
  }

  it.each([
    ['subscription', subscriptionGet],
    ['usage', usageGet],
    ['upcoming invoice', invoiceGetUpcoming],
  ])(
    'asks to try again in a second for the %s of an organization it has not heard of yet',
    async (_, contract) => {
      await expect(billing.call(contract, {}, as(randomUUID()))).rejects.toMatchObject({
        code: 'billing.customer.not_ready',
        kind: 'unavailable',
        retryAfterSeconds: 1,
      });
    },
  );

  it('opens an account on the free plan when an organization is created, and says what it may use', async () => {
    const tenantId = randomUUID();
    await found(tenantId);
    const subscription = await eventually(() => billing.call(subscriptionGet, {}, as(tenantId)));
    expect(subscription).toMatchObject({ planCode: 'free', currency: 'EUR', status: 'active' });
    const free = (await billing.call(planList, {})).items.find(({ code }) => code === 'free');
    expect(subscription.entitlements).toEqual(free?.entitlements);
    expect(subscription.currentPeriodStart).toMatch(/-(28|29|30|31)T10:00:00.000Z$/);
    const [customer] = await rows('SELECT name, email, currency FROM customers WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(customer).toEqual({ name: 'Acme', email: 'ada@example.com', currency: 'EUR' });

    await eventually(async () => {
      const published = (await nats.messages(entitlementsChanged.stream)) as EventEnvelope[];
      const told = published.filter(({ tenantid }) => tenantid === tenantId);
      expect(told.map(({ data }) => data)).toEqual([
        { organizationId: tenantId, planCode: 'free', version: 1, entitlements: free?.entitlements },
      ]);
    });
  });

  it('opens one account however often the event comes', async () => {
    const tenantId = randomUUID();
    const before = await duplicatesDropped();
    const id = await found(tenantId);
    await Promise.all(Array.from({ length: 5 }, () => found(tenantId, id)));
    await eventually(async () => expect((await duplicatesDropped()) - before).toBe(5));
    const [counts] = await rows(
      `SELECT (SELECT count(*)::int FROM customers WHERE tenant_id = $1) AS customers,
              (SELECT count(*)::int FROM subscriptions WHERE tenant_id = $1) AS subscriptions,
              (SELECT count(*)::int FROM outbox WHERE tenant_id = $1) AS events`,
      [tenantId],
    );
    expect(counts).toEqual({ customers: 1, subscriptions: 1, events: 1 });
  });

  it('opens one account also when a second event tells of the same organization', async () => {
    const tenantId = randomUUID();
    const ids = [await found(tenantId), await found(tenantId)];
    await eventually(async () => {
      expect(await rows('SELECT FROM inbox WHERE event_id = ANY ($1)', [ids])).toHaveLength(2);
    });
    expect(await rows('SELECT FROM subscriptions WHERE tenant_id = $1', [tenantId])).toHaveLength(1);
    expect(await rows('SELECT FROM dead_letters WHERE tenant_id = $1', [tenantId])).toHaveLength(0);
  });

  it('leaves nothing of an account that could not be opened whole, and opens it when the event comes again', async () => {
    const tenantId = randomUUID();
    await rows('ALTER TABLE outbox ADD CONSTRAINT ck_outbox__closed CHECK (false) NOT VALID');
    await found(tenantId);
    try {
      await eventually(async () => {
        const metric = await registry.getSingleMetric('capsule_event_redeliveries_total')?.get();
        expect(metric?.values.some(({ value }) => value > 0)).toBe(true);
      });
      expect(await rows('SELECT FROM customers WHERE tenant_id = $1', [tenantId])).toHaveLength(0);
    } finally {
      await rows('ALTER TABLE outbox DROP CONSTRAINT ck_outbox__closed');
    }
    await eventually(() => billing.call(subscriptionGet, {}, as(tenantId)), 10_000);
  });

  it.each(['developer', 'viewer'])('does not show a %s what the organization pays', async (role) => {
    await expect(billing.call(subscriptionGet, {}, as(randomUUID(), role))).rejects.toMatchObject({
      code: 'platform.permission.denied',
    });
  });
});
