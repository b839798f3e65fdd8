import { randomUUID } from 'node:crypto';
import { activityList, deploymentCreated } from '@capsule/contracts';
import { MonitorFixture } from '../monitor.fixture.js';

describe('what monitor knows of an app', () => {
  let monitor: MonitorFixture;
  let tenantId: string;

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  beforeEach(() => {
    tenantId = randomUUID();
  });
  afterAll(() => monitor?.close());

  it('begins with its creation, also when the organization is not known yet', async () => {
    const appId = randomUUID();
    await expect(monitor.metrics(tenantId, appId)).rejects.toMatchObject({ code: 'monitor.app.not_found' });

    await monitor.tellOfApp(tenantId, { appId });

    expect(await monitor.metrics(tenantId, appId)).toMatchObject({ appId, points: [] });
  });

  it('stays as it was when its creation is told once more by another event', async () => {
    const appId = await monitor.tellOfApp(tenantId, { createdAt: '2026-01-01T10:00:00.000Z' });
    await monitor.tellOfApp(tenantId, { appId, createdAt: '2026-02-01T10:00:00.000Z' });
    const rows = await monitor.rows('SELECT usage_recorded_through AS through FROM apps WHERE id = $1', [
      appId,
    ]);
    // Its usage since then is not forgotten.
    expect(rows).toEqual([{ through: new Date('2026-01-01T10:00:00.000Z') }]);
  });

  it('may come after an event of its deployment, whose entry then cannot name it', async () => {
    const appId = randomUUID();
    const deployment = {
      deploymentId: randomUUID(),
      appId,
      projectId: randomUUID(),
      occurredAt: '2026-01-01T10:00:01.000Z',
    };
    await monitor.tell(deploymentCreated, deployment, tenantId);
    await monitor.tellOfApp(tenantId, { appId, createdAt: '2026-01-01T10:00:00.000Z' });
    await monitor.tell(deploymentCreated, { ...deployment, deploymentId: randomUUID() }, tenantId);

    const { items } = await monitor.ask(activityList, {}, tenantId);
    expect(items.map((item) => item.summary).toSorted()).toEqual([
      'A deployment of an app was requested',
      'A deployment of web was requested',
      'web was created',
    ]);
  });
});
