import { randomUUID } from 'node:crypto';
import {
  dashboardCreate,
  dashboardDelete,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
  type RequestInputOf,
} from '@capsule/contracts';
import { MonitorFixture } from '../monitor.fixture.js';

type Create = RequestInputOf<typeof dashboardCreate>;

const widget = { kind: 'cpu' as const, title: 'CPU', place: { column: 0, row: 0, width: 6, height: 4 } };

describe('dashboards', () => {
  let monitor: MonitorFixture;
  let tenantId: string;
  let rival: string;

  beforeAll(async () => {
    monitor = await MonitorFixture.start();
  });
  beforeEach(async () => {
    [tenantId, rival] = [await monitor.tellOfOrganization(), await monitor.tellOfOrganization()];
    await monitor.provision();
  });
  afterAll(() => monitor?.close());

  const developer = { role: 'developer' as const };
  const create = (changes: Partial<Create> = {}, tenant = tenantId) =>
    monitor.ask(dashboardCreate, { name: 'Production', widgets: [widget], ...changes }, tenant, developer);
  const list = (request: RequestInputOf<typeof dashboardList> = {}, tenant = tenantId) =>
    monitor.ask(dashboardList, request, tenant);

  it('are created, read, changed in part and deleted', async () => {
    const made = await create();
    expect(made).toMatchObject({ name: 'Production', widgets: [{ ...widget, appId: null }] });
    expect(await monitor.ask(dashboardGet, { dashboardId: made.id }, tenantId)).toEqual(made);
    const renamed = await monitor.ask(
      dashboardUpdate,
      { dashboardId: made.id, name: 'Live' },
      tenantId,
      developer,
    );
    expect(renamed).toMatchObject({ name: 'Live', widgets: made.widgets });
    await monitor.ask(dashboardDelete, { dashboardId: made.id }, tenantId, developer);
    expect(await list()).toEqual({ items: [], nextCursor: null });
  });

  it('are listed page by page, oldest first, to their own organization alone', async () => {
    for (const name of ['A', 'B', 'C']) await create({ name });
    await create({ name: 'Theirs' }, rival);
    const first = await list({ limit: 2 });
    const second = await list({ limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['A', 'B', 'C']);
    expect(second.nextCursor).toBeNull();
    await expect(list({ cursor: first.nextCursor ?? '' }, rival)).rejects.toMatchObject({
      code: 'platform.cursor.invalid',
    });
  });

  it('of another organization are as unknown as those there never were', async () => {
    const { id: dashboardId } = await create({}, rival);
    for (const id of [dashboardId, randomUUID()]) {
      const notFound = { code: 'monitor.dashboard.not_found' };
      const request = { dashboardId: id };
      await expect(monitor.ask(dashboardGet, request, tenantId)).rejects.toMatchObject(notFound);
      await expect(
        monitor.ask(dashboardUpdate, { ...request, name: 'Mine' }, tenantId, developer),
      ).rejects.toMatchObject(notFound);
      await expect(monitor.ask(dashboardDelete, request, tenantId, developer)).rejects.toMatchObject(
        notFound,
      );
    }
    expect((await list({}, rival)).items).toMatchObject([{ id: dashboardId, name: 'Production' }]);
  });

  it('show apps of their own organization only, and those of another are as unknown as those there never were', async () => {
    const [own, foreign] = [await monitor.tellOfApp(tenantId), await monitor.tellOfApp(rival)];
    const showing = (appId: string) => ({ widgets: [{ ...widget, appId }] });
    const { id: dashboardId } = await create(showing(own));
    for (const appId of [foreign, randomUUID()]) {
      const notFound = { code: 'monitor.app.not_found' };
      await expect(create({ name: 'Other', ...showing(appId) })).rejects.toMatchObject(notFound);
      const change = { dashboardId, ...showing(appId) };
      await expect(monitor.ask(dashboardUpdate, change, tenantId, developer)).rejects.toMatchObject(notFound);
    }
    expect((await list()).items).toMatchObject([{ id: dashboardId, ...showing(own) }]);
  });

  it('have a name of their own in the organization, in whatever case', async () => {
    await create();
    const taken = { code: 'monitor.dashboard.name_taken' };
    await expect(create({ name: 'PRODUCTION' })).rejects.toMatchObject(taken);
    const { id: dashboardId } = await create({ name: 'Staging' });
    const rename = monitor.ask(dashboardUpdate, { dashboardId, name: 'production' }, tenantId, developer);
    await expect(rename).rejects.toMatchObject(taken);
    await create({}, rival);
  });

  it('are made once by a request that is sent twice with one key', async () => {
    const caller = { ...developer, idempotencyKey: randomUUID() };
    const request = { name: 'Once', widgets: [] };
    const [first, second] = await Promise.all([
      monitor.ask(dashboardCreate, request, tenantId, caller),
      monitor.ask(dashboardCreate, request, tenantId, caller),
    ]);
    expect(second).toEqual(first);
    expect((await list()).items).toHaveLength(1);
  });

  it('are not for a viewer to change, nor with a widget outside of the grid', async () => {
    const asViewer = monitor.ask(dashboardCreate, { name: 'Mine' }, tenantId);
    await expect(asViewer).rejects.toMatchObject({ code: 'platform.permission.denied' });
    const outside = create({ widgets: [{ ...widget, place: { ...widget.place, column: 12 } }] });
    await expect(outside).rejects.toMatchObject({
      code: 'platform.request.invalid',
      fieldErrors: [expect.objectContaining({ path: 'widgets.0.place.column' })],
    });
  });

  it('wait a moment for the tables of a new organization, and then say that they are not ready', async () => {
    const fresh = await monitor.tellOfOrganization();
    const waiting = create({}, fresh);
    await monitor.provision();
    expect(await waiting).toMatchObject({ name: 'Production' });

    const unfinished = await monitor.tellOfOrganization();
    const soon = { ...developer, deadlineAt: Date.now() + 1_600 };
    await expect(monitor.ask(dashboardCreate, { name: 'X' }, unfinished, soon)).rejects.toMatchObject({
      code: 'monitor.organization.not_ready',
      retryAfterSeconds: 2,
    });
  });

  it('are kept, and served to nobody, while the organization is not active', async () => {
    const made = await create();
    await monitor.rows('UPDATE tenants SET is_active = false WHERE id = $1', [tenantId]);
    await expect(list()).rejects.toMatchObject({ code: 'monitor.organization.inactive' });
    await monitor.rows('UPDATE tenants SET is_active = true WHERE id = $1', [tenantId]);
    expect((await list()).items).toEqual([made]);
  });
});
