import { randomUUID } from 'node:crypto';
import {
  memberAdded,
  type RequestInputOf,
  toolMetricCreate,
  toolMetricList,
  workSessionCreate,
  workSessionEnd,
  workSessionList,
} from '@capsule/contracts';
import { MonitorFixture } from '../monitor.fixture.js';

describe('work sessions and the tools used in them', () => {
  let monitor: MonitorFixture;
  let tenantId: string;
  let rival: string;
  const ada = { userId: randomUUID(), role: 'developer' as const };
  const bob = { userId: randomUUID(), role: 'developer' as const };

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  beforeEach(async () => {
    [tenantId, rival] = [await monitor.tellOfOrganization(), await monitor.tellOfOrganization()];
    await monitor.provision();
  });
  afterAll(() => monitor?.close());

  const begin = (caller = ada, request: Partial<RequestInputOf<typeof workSessionCreate>> = {}) =>
    monitor.ask(workSessionCreate, { client: 'cli', ...request }, tenantId, caller);
  const use = (workSessionId: string, changes: Partial<RequestInputOf<typeof toolMetricCreate>> = {}) =>
    monitor.ask(
      toolMetricCreate,
      { workSessionId, tool: 'capsule.deploy', durationMs: 5, succeeded: true, ...changes },
      tenantId,
      ada,
    );
  const end = (workSessionId: string, caller = ada) =>
    monitor.ask(workSessionEnd, { workSessionId }, tenantId, caller);
  const uses = (request: RequestInputOf<typeof toolMetricList> = {}, tenant = tenantId) =>
    monitor.ask(toolMetricList, request, tenant);

  it('begin now and end once: a second end changes nothing', async () => {
    const session = await begin();
    expect(session).toMatchObject({ userId: ada.userId, client: 'cli', endedAt: null });
    const ended = await end(session.id);
    expect(ended.endedAt).not.toBeNull();
    expect(await end(session.id)).toEqual(ended);
  });

  it('are recorded afterwards too, but not with an end before the beginning', async () => {
    const whole = { startedAt: '2026-01-01T10:00:00.000Z', endedAt: '2026-01-01T11:00:00.000Z' };
    expect(await begin(ada, whole)).toMatchObject(whole);
    await expect(begin(ada, { ...whole, endedAt: '2026-01-01T09:00:00.000Z' })).rejects.toMatchObject({
      code: 'platform.request.invalid',
      fieldErrors: [expect.objectContaining({ path: 'endedAt' })],
    });
  });

  it('are listed newest first, of everybody or of one', async () => {
    for (const [caller, hour] of [
      [ada, 1],
      [bob, 2],
      [ada, 3],
    ] as const) {
      await begin(caller, { startedAt: `2026-01-01T0${hour}:00:00.000Z` });
    }
    const hours = async (request: RequestInputOf<typeof workSessionList>, tenant = tenantId) =>
      (await monitor.ask(workSessionList, request, tenant)).items.map(({ startedAt }) =>
        startedAt.slice(11, 13),
      );
    const member = {
      organizationId: tenantId,
      email: 'ada@example.com',
      name: 'Ada',
      addedAt: '2026-01-01T00:00:00.000Z',
    };
    await monitor.tell(memberAdded, { ...member, ...ada }, tenantId);
    expect(await hours({})).toEqual(['03', '02', '01']);
    expect(await hours({ userId: ada.userId })).toEqual(['03', '01']);
    expect(await hours({}, rival)).toEqual([]);
    const notFound = { code: 'monitor.user.not_found' };
    await expect(hours({ userId: ada.userId }, rival)).rejects.toMatchObject(notFound);
    await expect(hours({ userId: randomUUID() })).rejects.toMatchObject(notFound);
  });

  it('of another user or organization take no end and no tool', async () => {
    const session = await begin(bob);
    const notFound = { code: 'monitor.work_session.not_found' };
    await expect(end(session.id)).rejects.toMatchObject(notFound);
    await expect(use(session.id)).rejects.toMatchObject(notFound);
    const elsewhere = monitor.ask(workSessionEnd, { workSessionId: session.id }, rival, bob);
    await expect(elsewhere).rejects.toMatchObject(notFound);
    expect((await uses()).items).toEqual([]);
  });

  it('have their tools listed newest first, by session, by tool, by both and page by page', async () => {
    const [first, second] = [await begin(), await begin()];
    const at = (minute: number) => `2026-01-01T10:0${minute}:00.000Z`;
    await use(first.id, { tool: 'build', usedAt: at(1) });
    await use(first.id, { tool: 'test', usedAt: at(2) });
    await use(second.id, { tool: 'build', usedAt: at(3), succeeded: false });
    const minutes = (page: Awaited<ReturnType<typeof uses>>) =>
      page.items.map(({ usedAt }) => Number(usedAt.slice(14, 16)));
    expect(minutes(await uses())).toEqual([3, 2, 1]);
    expect(minutes(await uses({ workSessionId: first.id }))).toEqual([2, 1]);
    expect(minutes(await uses({ tool: 'build' }))).toEqual([3, 1]);
    expect(minutes(await uses({ workSessionId: first.id, tool: 'build' }))).toEqual([1]);
    const page = await uses({ limit: 2 });
    expect(minutes(await uses({ limit: 2, cursor: page.nextCursor ?? '' }))).toEqual([1]);
    expect(minutes(await uses({}, rival))).toEqual([]);
    const notFound = { code: 'monitor.work_session.not_found' };
    await expect(uses({ workSessionId: first.id }, rival)).rejects.toMatchObject(notFound);
    await expect(uses({ workSessionId: randomUUID() })).rejects.toMatchObject(notFound);
  });

  it('are recorded once by a request that is sent twice with one key', async () => {
    const caller = { ...ada, idempotencyKey: randomUUID() };
    const [first, second] = [await begin(caller), await begin(caller)];
    expect(second.id).toBe(first.id);
  });

  it('are not for a viewer to record', async () => {
    const attempt = monitor.ask(workSessionCreate, { client: 'cli' }, tenantId);
    await expect(attempt).rejects.toMatchObject({ code: 'platform.permission.denied' });
  });
});
