import { randomUUID } from 'node:crypto';
import {
  type DataOf,
  deploymentWentLive,
  type Meter,
  organizationCreated,
  subscriptionGet,
  usageGet,
  usageRecorded,
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

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('usage', () => {
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
    actor: { type: 'user' as const, id: randomUUID(), role: 'owner' },
  });
  const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();

  /** @returns the tenant's id, when its account is open */
  async function openAccount(createdAt = ago(10 * DAY_MS), tenantId: string = randomUUID()): Promise<string> {
    await billing.emit(
      organizationCreated,
      {
        organizationId: tenantId,
        name: 'Acme',
        slug: 'acme',
        ownerUserId: randomUUID(),
        ownerEmail: 'ada@example.com',
        createdAt,
      },
      { tenantId },
    );
    await eventually(() => billing.call(subscriptionGet, {}, as(tenantId)));
    return tenantId;
  }

  function windowOf(
    appId: string,
    quantities: Partial<Record<Meter, string>>,
    startedAgoMs = 2 * HOUR_MS,
  ): DataOf<typeof usageRecorded> {
    return {
      appId,
      windowStart: ago(startedAgoMs),
      windowEnd: ago(startedAgoMs - HOUR_MS),
      quantities: Object.entries(quantities).map(([meter, quantity]) => ({
        meter: meter as Meter,
        quantity,
      })),
    };
  }

  async function usageOf(tenantId: string): Promise<Record<Meter, string>> {
    const { meters } = await billing.call(usageGet, {}, as(tenantId));
    return Object.fromEntries(meters.map(({ meter, quantity }) => [meter, quantity])) as Record<
      Meter,
      string
    >;
  }

  async function consumed(ids: string[]): Promise<void> {
    await eventually(async () => {
      const remembered = await rows('SELECT FROM inbox WHERE event_id = ANY ($1)', [ids]);
      expect(remembered).toHaveLength(ids.length);
    }, 20_000);
  }

  async function duplicatesDropped(): Promise<number> {
    const values = (await registry.getSingleMetric('capsule_event_duplicates_total')?.get())?.values ?? [];
    return values.reduce((total, { value }) => total + value, 0);
  }

  it('is summed by meter and by app, the largest app first, in exact decimals', async () => {
    const tenantId = await openAccount();
    const [small, large] = [randomUUID(), randomUUID()];
    const ids = await Promise.all([
      billing.emit(usageRecorded, windowOf(small, { cpu_seconds: '0.1', memory_gib_hours: '0.5' }), {
        tenantId,
      }),
      billing.emit(usageRecorded, windowOf(large, { cpu_seconds: '0.2' }), { tenantId }),
      billing.emit(usageRecorded, windowOf(large, { cpu_seconds: '0.000000001' }), { tenantId }),
    ]);
    await consumed(ids);
    const { meters } = await billing.call(usageGet, {}, as(tenantId));
    expect(meters).toEqual([
      {
        meter: 'cpu_seconds',
        quantity: '0.300000001',
        apps: [
          { appId: large, quantity: '0.200000001' },
          { appId: small, quantity: '0.1' },
        ],
      },
      { meter: 'memory_gib_hours', quantity: '0.5', apps: [{ appId: small, quantity: '0.5' }] },
      { meter: 'deployments', quantity: '0', apps: [] },
    ]);
  });

  it('counts a deployment when it went live', async () => {
    const tenantId = await openAccount();
    const appId = randomUUID();
    const data = { deploymentId: randomUUID(), appId, projectId: randomUUID(), occurredAt: ago(HOUR_MS) };
    await consumed([await billing.emit(deploymentWentLive, data, { tenantId })]);
    expect(await usageOf(tenantId)).toMatchObject({ deployments: '1' });
  });

  it('is kept once per event, however often the event comes', async () => {
    const tenantId = await openAccount();
    const before = await duplicatesDropped();
    const data = windowOf(randomUUID(), { cpu_seconds: '7', memory_gib_hours: '1' });
    const id = await billing.emit(usageRecorded, data, { tenantId });
    await Promise.all(Array.from({ length: 5 }, () => billing.emit(usageRecorded, data, { tenantId, id })));
    await eventually(async () => expect((await duplicatesDropped()) - before).toBe(5));
    expect(await rows('SELECT FROM usage_records WHERE event_id = $1', [id])).toHaveLength(2);
    expect(await usageOf(tenantId)).toMatchObject({ cpu_seconds: '7', memory_gib_hours: '1' });
  });

  it('adds up what an event says twice of one meter', async () => {
    const tenantId = await openAccount();
    const data = windowOf(randomUUID(), {});
    const quantities = [
      { meter: 'cpu_seconds' as const, quantity: '1.5' },
      { meter: 'cpu_seconds' as const, quantity: '2' },
    ];
    await consumed([await billing.emit(usageRecorded, { ...data, quantities }, { tenantId })]);
    expect(await usageOf(tenantId)).toMatchObject({ cpu_seconds: '3.5' });
  });

  it('belongs to the period in which its window starts, however late and in whichever order it arrives', async () => {
    const tenantId = await openAccount(ago(45 * DAY_MS));
    const { periodStart } = await billing.call(usageGet, {}, as(tenantId));
    const boundary = Date.now() - Date.parse(periodStart);
    const appId = randomUUID();
    const ids = [
      await billing.emit(usageRecorded, windowOf(appId, { cpu_seconds: '4' }, boundary - 1_000), {
        tenantId,
      }),
      // It straddles the boundary: it starts before it.
      await billing.emit(usageRecorded, windowOf(appId, { cpu_seconds: '2' }, boundary + 60_000), {
        tenantId,
      }),
      await billing.emit(usageRecorded, windowOf(appId, { cpu_seconds: '1' }, 40 * DAY_MS), { tenantId }),
      // Clocks differ: before the account was opened.
      await billing.emit(usageRecorded, windowOf(appId, { cpu_seconds: '8' }, 46 * DAY_MS), { tenantId }),
    ];
    await consumed(ids);
    expect(await usageOf(tenantId)).toMatchObject({ cpu_seconds: '4' });
    const totals = await rows(
      'SELECT period_number, quantity::float8 FROM usage_totals WHERE tenant_id = $1 ORDER BY period_number',
      [tenantId],
    );
    expect(totals).toEqual([
      { period_number: 0, quantity: 11 },
      { period_number: 1, quantity: 4 },
    ]);
  });

  it('that arrives before the organization waits for it', async () => {
    const tenantId = randomUUID();
    const data = windowOf(randomUUID(), { cpu_seconds: '5' });
    const id = await billing.emit(usageRecorded, data, { tenantId });
    await eventually(async () => {
      const metric = await registry.getSingleMetric('capsule_event_redeliveries_total')?.get();
      expect(
        metric?.values.some(({ labels, value }) => /usage/.test(String(labels['consumer'])) && value > 0),
      ).toBe(true);
    });
    await openAccount(ago(10 * DAY_MS), tenantId);
    await consumed([id]);
    expect(await usageOf(tenantId)).toMatchObject({ cpu_seconds: '5' });
  });
});
