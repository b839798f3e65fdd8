import type { ServiceName } from '@capsule/contracts';
import { compareDatabases, compareNow, type Databases } from './comparison.js';
import { consumers } from './effect-traces.js';

const created = "outbox WHERE type = 'capsule.deploy.app.created.v1'";
const timeline = "activities WHERE type = 'capsule.deploy.app.created.v1'";
const unpublished = 'outbox WHERE published_at IS NULL';
const plans = 'entitlements';
const knownPlans = 'organizations JOIN tenants ON tenants.id = tenant_id';
const activeTenants = "tenants WHERE state = 'active'";
const members =
  'waiting_members UNION ALL SELECT id FROM tenant_a.users UNION ALL SELECT id FROM tenant_b.users';
const acknowledged = {
  organizations: ['o1', 'o2'],
  projects: ['p1', 'p2'],
  apps: ['a1', 'a2'],
  unanswered: [],
};
const committedOf = (type: string) => `outbox WHERE type = '${type}'`;
const effectsOf = (durable: string) => `chaos_effects WHERE durable = '${durable}'`;
const nothing = { lost: 0, duplicated: 0, repeating: [], findings: [] };

describe('the comparison of the databases', () => {
  let stored: Record<ServiceName, Record<string, string[]>>;
  /** What the databases would answer; a table that is not listed here fails the comparison. */
  const databases: Databases = {
    ids: (service, query) => {
      const rows = stored[service][query.slice(query.indexOf('FROM ') + 'FROM '.length)];
      return rows ? Promise.resolve(rows) : Promise.reject(new Error(`unexpected: ${query}`));
    },
    execute: () => Promise.reject(new Error('unexpected: the comparison changes nothing')),
    close: () => Promise.resolve(),
  };

  beforeEach(() => {
    const organizations = ['o1', 'o2'];
    stored = {
      auth: { organizations, memberships: ['u1', 'u2'], [unpublished]: [] },
      billing: {
        customers: organizations,
        subscriptions: organizations,
        [plans]: ['o1 free 7 1', 'o2 free 7 1'],
        [unpublished]: [],
      },
      deploy: {
        organizations,
        quotas: organizations,
        projects: ['p1', 'p2'],
        apps: ['a1', 'a2'],
        [created]: ['e1', 'e2'],
        [unpublished]: [],
      },
      monitor: {
        organizations,
        apps: ['a1', 'a2'],
        [timeline]: ['e1', 'e2'],
        [knownPlans]: ['o1 free 7 1', 'o2 free 7 1'],
        [activeTenants]: ['tenant_a', 'tenant_b'],
        [members]: ['u1', 'u2'],
        [unpublished]: [],
      },
    };
    for (const { publisher, service, type, durable } of consumers) {
      stored[publisher][committedOf(type)] = ['e1', 'e2'];
      stored[service][effectsOf(durable)] = ['e1', 'e2'];
    }
  });

  it('finds nothing where everything is there once', async () => {
    expect(await compareNow(databases, acknowledged)).toEqual(nothing);
  });

  it.each<[string, ServiceName, string, string]>([
    ['an organization that was answered', 'auth', 'organizations', '1 answered organizations'],
    ['a project that was answered', 'deploy', 'projects', '1 answered projects'],
    ['an app that was answered', 'deploy', 'apps', '1 answered apps'],
    ['a customer', 'billing', 'customers', '1 organizations of auth in billing customers'],
    ['a subscription', 'billing', 'subscriptions', '1 organizations of auth in billing subscriptions'],
    ["deploy's organization", 'deploy', 'organizations', '1 organizations of auth in deploy'],
    ['a quota', 'deploy', 'quotas', '1 organizations of auth in deploy quotas'],
    ["monitor's organization", 'monitor', 'organizations', '1 organizations of auth in monitor'],
    ['a member', 'monitor', members, '1 members of auth in monitor'],
    ['a plan', 'monitor', knownPlans, '1 plans and retentions of billing in monitor'],
    ["monitor's app", 'monitor', 'apps', '1 apps of deploy in monitor'],
    ['an event in the timeline', 'monitor', timeline, "1 app events of deploy in monitor's timeline"],
  ])('finds %s missing', async (_, service, table, finding) => {
    const whole = stored[service][table] ?? [];
    stored[service][table] = whole.slice(1);
    const { lost, duplicated, findings } = await compareNow(databases, acknowledged);
    expect({ lost, duplicated }).toEqual({ lost: 1, duplicated: 0 });
    expect(findings).toEqual([`${finding} are missing, such as ${whole[0]}`]);
  });

  it.each<[string, ServiceName, string, string]>([
    ['a customer', 'billing', 'customers', '1 organizations of auth in billing customers'],
    ['a subscription', 'billing', 'subscriptions', '1 organizations of auth in billing subscriptions'],
    ['an event in the timeline', 'monitor', timeline, "1 app events of deploy in monitor's timeline"],
  ])('finds %s that is there twice', async (_, service, table, finding) => {
    const whole = stored[service][table] ?? [];
    stored[service][table] = [...whole, ...whole.slice(0, 1)];
    expect(await compareNow(databases, acknowledged)).toEqual({
      ...nothing,
      duplicated: 1,
      findings: [`${finding} are there more than once`],
    });
  });

  describe.each(consumers)('of the effects of $durable', ({ service, durable }) => {
    it('finds the one that is missing', async () => {
      stored[service][effectsOf(durable)] = ['e2'];
      expect(await compareNow(databases, acknowledged)).toEqual({
        ...nothing,
        lost: 1,
        findings: [`1 effects of ${durable} are missing, such as e1`],
      });
    });

    it('finds the one that happened twice, and where', async () => {
      stored[service][effectsOf(durable)] = ['e1', 'e2', 'e2'];
      expect(await compareNow(databases, acknowledged)).toEqual({
        ...nothing,
        duplicated: 1,
        repeating: [service],
        findings: [`1 effects of ${durable} are there more than once`],
      });
    });
  });

  it('finds a project that a repeated request made once more', async () => {
    stored.deploy['projects'] = ['p1', 'p2', 'p3'];
    expect(await compareNow(databases, acknowledged)).toEqual({
      ...nothing,
      duplicated: 1,
      findings: ['1 answered projects are there more than once'],
    });
  });

  it.each([
    ['the plan', 'o1 pro 7 1'],
    ['the retention', 'o1 free 30 1'],
    ['that there was news of it', 'o1 free 7 0'],
  ])('finds an organization of which monitor does not know %s', async (_, known) => {
    stored.monitor[knownPlans] = [known, 'o2 free 7 1'];
    expect(await compareNow(databases, acknowledged)).toMatchObject({ lost: 1, duplicated: 0 });
  });

  it('counts an event that was never published as lost', async () => {
    stored.billing[unpublished] = ['e3'];
    expect(await compareNow(databases, acknowledged)).toMatchObject({ lost: 1, duplicated: 0 });
  });

  describe('that waits', () => {
    const patience = { settledAfterMs: 60, giveUpMs: 400, everyMs: 5 };
    const wait = () => compareDatabases(databases, acknowledged, patience);

    it('counts nothing as lost that arrives while it waits', async () => {
      stored.monitor['apps'] = ['a1'];
      setTimeout(() => (stored.monitor['apps'] = ['a1', 'a2']), 100);
      expect(await wait()).toEqual(nothing);
    });

    it('finds what has its effect twice only after everything was there', async () => {
      setTimeout(() => (stored.billing['customers'] = ['o1', 'o2', 'o2']), 30);
      expect(await wait()).toMatchObject({ lost: 0, duplicated: 1 });
    });

    it('gives up in the end, and says what never arrived', async () => {
      stored.monitor['apps'] = ['a1'];
      const { lost, findings } = await wait();
      expect({ lost, findings }).toEqual({
        lost: 1,
        findings: ['1 apps of deploy in monitor are missing, such as a2'],
      });
    });
  });
});
