import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { type DataOf, usageRecorded } from '@capsule/contracts';
import { Database } from '@capsule/database';
import {
  createTestDatabase,
  startEventService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@capsule/testing';
import { AppRepository } from '../app/app.repository.js';
import { config } from '../config.js';
import { SampleRepository } from '../sample/sample.repository.js';
import { UsageRecorder } from './usage-recorder.js';
import { UsageRepository } from './usage.repository.js';

type Usage = DataOf<typeof usageRecorded>;

const GIBIBYTE = 1024 ** 3;
const start = new Date('2026-03-01T10:00:00.000Z');
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000);

describe('the usage recorder', () => {
  let nats: TestNats;
  let testDatabase: TestDatabase;
  let monitor: INestApplicationContext;
  let database: Database;
  let recorder: UsageRecorder;
  const samples = new SampleRepository();
  let tenantId: string;
  let appId: string;
  let instanceId: string;

  beforeAll(async () => {
    [nats, testDatabase] = await Promise.all([startTestNats(), createTestDatabase('monitor')]);
    monitor = await startEventService({
      service: 'monitor',
      database: testDatabase.settings,
      nats: nats.settings('monitor'),
      providers: [
        UsageRecorder,
        UsageRepository,
        { provide: config.KEY, useValue: { usageWindowSeconds: 60 } },
      ],
    });
    database = monitor.get(Database);
    recorder = monitor.get(UsageRecorder);
  });
  afterAll(async () => {
    await monitor.close();
    await Promise.all([nats.close(), testDatabase.close()]);
  });

  beforeEach(async () => {
    [tenantId, appId, instanceId] = [randomUUID(), randomUUID(), randomUUID()];
    const app = { id: appId, projectId: randomUUID(), name: 'web', host: 'web-acme', createdAt: start };
    await database.withTenant(tenantId, (tx) => new AppRepository().insert(tx, app));
  });

  async function sample(seconds: number, cpuSecondsTotal: number, memoryBytes = GIBIBYTE): Promise<void> {
    const taken = { appId, deploymentId: randomUUID(), instanceId, cpuSecondsTotal, memoryBytes };
    await database.withTenant(tenantId, (tx) => samples.record(tx, at(seconds).toISOString(), [taken]));
  }

  async function reported(): Promise<Usage[]> {
    const rows = await database.withTenant(tenantId, (tx) =>
      tx.query<{ data: Usage }>("SELECT envelope -> 'data' AS data FROM outbox ORDER BY id"),
    );
    return rows.map((row) => row.data);
  }

  const total = (usages: Usage[], meter: string) =>
    usages
      .flatMap((usage) => usage.quantities)
      .filter((each) => each.meter === meter)
      .reduce((sum, each) => sum + Number(each.quantity), 0);

  it('reports the growth of the CPU counter and the memory held over time, once', async () => {
    await sample(10, 1.5);
    await sample(20, 2.25);
    await sample(40, 4);
    await recorder.recordDue(at(70));
    await recorder.recordDue(at(71));
    const [usage, ...more] = await reported();
    expect(more).toEqual([]);
    expect(usage).toEqual({
      appId,
      windowStart: start.toISOString(),
      windowEnd: at(60).toISOString(),
      quantities: [
        { meter: 'cpu_seconds', quantity: '4.000000000' },
        { meter: 'memory_gib_hours', quantity: (30 / 3600).toFixed(9) },
      ],
    });
  });

  it('lets windows tile without gap or overlap and loses no CPU between them', async () => {
    for (let seconds = 5; seconds <= 175; seconds += 10) {
      await sample(seconds, seconds / 10);
      await recorder.recordDue(at(seconds));
    }
    await recorder.recordDue(at(190));
    const usages = await reported();
    expect(usages.map((usage) => [usage.windowStart, usage.windowEnd])).toEqual([
      [at(0).toISOString(), at(60).toISOString()],
      [at(60).toISOString(), at(120).toISOString()],
      [at(120).toISOString(), at(180).toISOString()],
    ]);
    expect(total(usages, 'cpu_seconds')).toBeCloseTo(17.5, 6);
    expect(total(usages, 'memory_gib_hours')).toBeCloseTo(170 / 3600, 6);
  });

  it('counts the CPU of a sample that arrives after its window was closed in the next one', async () => {
    await sample(10, 1);
    await recorder.recordDue(at(70));
    await sample(50, 5);
    await sample(70, 7);
    await recorder.recordDue(at(130));
    expect(total(await reported(), 'cpu_seconds')).toBeCloseTo(7, 6);
  });

  it('counts the CPU of a last sample that arrives after its window, though no other follows', async () => {
    await sample(10, 1);
    await recorder.recordDue(at(70));
    await sample(50, 5);
    await recorder.recordDue(at(130));
    expect(total(await reported(), 'cpu_seconds')).toBeCloseTo(5, 6);
  });

  it('does not charge memory for a time nobody saw the instance run', async () => {
    await sample(0, 0);
    await sample(600, 1);
    await recorder.recordDue(at(700));
    expect(total(await reported(), 'memory_gib_hours')).toBeCloseTo(60 / 3600, 6);
  });

  it('reports once when several recorders run at the same time', async () => {
    await sample(10, 3);
    await Promise.all(Array.from({ length: 8 }, () => recorder.recordDue(at(70))));
    expect(await reported()).toHaveLength(1);
  });

  it('counts a sample once that is delivered twice', async () => {
    await sample(10, 3);
    await sample(10, 3);
    await sample(20, 4);
    await recorder.recordDue(at(70));
    expect(total(await reported(), 'cpu_seconds')).toBeCloseTo(4, 6);
  });

  it('says nothing of an app without samples', async () => {
    await recorder.recordDue(at(70));
    expect(await reported()).toEqual([]);
  });

  it('remembers nothing as counted when the report cannot be written', async () => {
    await sample(10, 3);
    await testDatabase.asSuperuser((client) => client.query('REVOKE INSERT ON outbox FROM monitor_user'));
    await recorder.recordDue(at(70));
    await testDatabase.asSuperuser((client) =>
      client.query('GRANT INSERT (id, tenant_id, stream, type, envelope) ON outbox TO monitor_user'),
    );
    expect(await reported()).toEqual([]);
    await recorder.recordDue(at(70));
    expect(total(await reported(), 'cpu_seconds')).toBeCloseTo(3, 6);
  });
});
