import { randomUUID } from 'node:crypto';
import { createDataSource, Database, Pagination } from '@capsule/database';
import { runInContext } from '@capsule/telemetry';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';

describe('the timeline', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let activities: ActivityService;
  const repository = new ActivityRepository(new Pagination('the key of this spec'));
  const tenantId = randomUUID();

  beforeAll(async () => {
    testDatabase = await createTestDatabase('monitor');
    const { settings } = testDatabase;
    database = new Database(await createDataSource(settings, settings.user, []).initialize());
    activities = new ActivityService(database, repository);
    for (let index = 0; index < 7; index += 1) await insert(index);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.close();
  });

  function insert(index: number): Promise<void> {
    // Pairs happen at the same instant, so that a page has to end between two equal times.
    const occurredAt = new Date(Date.UTC(2026, 2, 1, 10, Math.floor(index / 2))).toISOString();
    const summary = `entry ${index}`;
    const entry = {
      eventId: randomUUID(),
      type: 'test',
      appId: null,
      deploymentId: null,
      summary,
      occurredAt,
    };
    return database.withTenant(tenantId, (tx) => repository.insert(tx, entry));
  }

  const page = (cursor?: string, tenant = tenantId) =>
    runInContext({ requestId: 'spec', tenantId: tenant }, () => activities.list({ limit: 3, cursor }));

  it('is paged newest first, each entry once, also when entries are added meanwhile', async () => {
    const first = await page();
    await insert(20);
    const second = await page(first.nextCursor ?? undefined);
    const third = await page(second.nextCursor ?? undefined);
    const seen = [first, second, third].flatMap((each) => each.items.map((item) => item.summary));
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
    expect(third.nextCursor).toBeNull();
    const times = [first, second, third].flatMap((each) => each.items.map((item) => item.occurredAt));
    expect(times).toEqual(times.toSorted().reverse());
  });

  it('of another organization is empty', async () => {
    expect(await page(undefined, randomUUID())).toEqual({ items: [], nextCursor: null });
  });

  it.each(['', 'nonsense', Buffer.from('[1,2]').toString('base64url')])(
    'refuses the cursor "%s"',
    async (cursor) => {
      await expect(page(cursor)).rejects.toMatchObject({ code: 'platform.cursor.invalid' });
    },
  );
});
