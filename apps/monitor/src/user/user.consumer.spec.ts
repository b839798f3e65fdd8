import { randomUUID } from 'node:crypto';
import { type DataOf, memberAdded } from '@capsule/contracts';
import { registry } from '@capsule/telemetry';
import { MonitorFixture } from '../monitor.fixture.js';
import { schemaOf } from '../provisioning/tenants.fixture.js';

describe("a tenant's copy of its members", () => {
  let monitor: MonitorFixture;

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  afterAll(() => monitor?.close());

  const member = (organizationId: string, changes: Partial<DataOf<typeof memberAdded>> = {}) => ({
    organizationId,
    userId: randomUUID(),
    email: 'ada@example.com',
    name: 'Ada',
    role: 'owner' as const,
    addedAt: '2026-01-01T10:00:00.000Z',
    ...changes,
  });
  const users = (tenantId: string) =>
    monitor.rows(`SELECT id, email, name, role FROM ${schemaOf(tenantId)}.users`, []);
  const redeliveries = async () =>
    (await registry.getSingleMetric('capsule_event_redeliveries_total')!.get()).values;

  it('has who was told of before the tenant was known and while nobody made its tables, each event delivered once', async () => {
    const tenantId = randomUUID();
    const [ada, bob] = [member(tenantId), member(tenantId, { email: 'bob@example.com', name: 'Bob' })];
    // Each is dealt with as it comes, with no provisioner anywhere.
    await monitor.tell(memberAdded, ada, tenantId);
    await monitor.tellOfOrganization(tenantId);
    await monitor.tell(memberAdded, bob, tenantId);
    await monitor.provision();
    expect(await users(tenantId)).toEqual(
      [ada, bob].map(({ userId: id, email, name, role }) => ({ id, email, name, role })),
    );
    expect(await redeliveries()).toEqual([]);
  });

  it('has what was told last of a member, and nobody of another organization', async () => {
    const [tenantId, other] = [await monitor.tellOfOrganization(), await monitor.tellOfOrganization()];
    await monitor.provision();
    const ada = member(tenantId, { role: 'viewer' });
    await monitor.tell(memberAdded, ada, tenantId);
    await monitor.tell(memberAdded, { ...ada, role: 'admin' }, tenantId);
    expect(await users(tenantId)).toMatchObject([{ id: ada.userId, role: 'admin' }]);
    expect(await users(other)).toEqual([]);
  });
});
