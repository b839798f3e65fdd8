import { randomUUID } from 'node:crypto';
import { type DataOf, memberAdded } from '@capsule/contracts';
import { eventually } from '@capsule/testing';
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
  const letters = () => monitor.rows('SELECT FROM dead_letters', []);

  it('has the member whose event came before the tenant was known, once its tables are made', async () => {
    const tenantId = randomUUID();
    const ada = member(tenantId);
    await monitor.emit(memberAdded, ada, tenantId);
    await monitor.tellOfOrganization(tenantId);
    await monitor.provision();
    await eventually(async () => {
      const { userId: id, email, name, role } = ada;
      expect(await users(tenantId)).toEqual([{ id, email, name, role }]);
    }, 10_000);
    expect(await letters()).toEqual([]);
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
