import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import type pg from 'pg';
import { byName } from '../supervisor/platform-settings.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import { consumers, eventsAndEffects } from './effect-traces.js';
import type { Acknowledged } from './traffic.js';

export interface Verdict {
  lost: number;
  duplicated: number;
  /** Services in which an event had its effect more than once. */
  repeating: ServiceName[];
  findings: string[];
}

export interface Databases {
  /** Reads one column, named `id`, of one service's database. */
  ids(service: ServiceName, query: string): Promise<string[]>;
  execute(service: ServiceName, statement: string): Promise<void>;
  close(): Promise<void>;
}

export interface Patience {
  /** Nothing missing before that proves nothing: what comes again may still have its effect twice. */
  settledAfterMs: number;
  giveUpMs: number;
  everyMs: number;
}

/** A message whose consumer died comes again after 30 s. */
const patience: Patience = { settledAfterMs: 35_000, giveUpMs: 180_000, everyMs: 1_000 };

export async function openDatabases({ home, settings }: PrivatePlatform): Promise<Databases> {
  const clients = byName(serviceNames, (service) => {
    const cluster = settings.clusters[service];
    return connectAsSuperuser(home, service, cluster, cluster.database);
  });
  return {
    ids: async (service, query) => {
      const client: pg.Client = await clients[service];
      return (await client.query<{ id: string }>(query)).rows.map((row) => row.id);
    },
    execute: async (service, statement) => {
      const client: pg.Client = await clients[service];
      await client.query(statement);
    },
    close: async () => {
      await Promise.all(Object.values(clients).map(async (client) => (await client).end()));
    },
  };
}

type Query = [service: ServiceName, text: string];

/** What has to be in one place because it is in another. */
const effects: { of: string; source: Query; in: string; target: Query | MadeQuery }[] = [
  effect('organizations of auth', ['auth', 'organizations', 'id'], 'billing customers', [
    'billing',
    'customers',
    'tenant_id',
  ]),
  effect('organizations of auth', ['auth', 'organizations', 'id'], 'billing subscriptions', [
    'billing',
    'subscriptions',
    'tenant_id',
  ]),
  effect('organizations of auth', ['auth', 'organizations', 'id'], 'deploy', [
    'deploy',
    'organizations',
    'tenant_id',
  ]),
  effect('organizations of auth', ['auth', 'organizations', 'id'], 'deploy quotas', [
    'deploy',
    'quotas',
    'tenant_id',
  ]),
  effect('organizations of auth', ['auth', 'organizations', 'id'], 'monitor', [
    'monitor',
    'organizations',
    'tenant_id',
  ]),
  {
    of: 'members of auth',
    source: ['auth', 'SELECT user_id AS id FROM memberships'],
    in: 'monitor',
    target: membersOfMonitor,
  },
  {
    // Every plan is the free one here, which monitor assumes by itself: the version tells that it has heard of it.
    of: 'plans and retentions of billing',
    source: [
      'billing',
      `SELECT concat_ws(' ', tenant_id, plan_code, entitlements ->> 'metricsRetentionDays', version) AS id
       FROM entitlements`,
    ],
    in: 'monitor',
    target: [
      'monitor',
      `SELECT concat_ws(' ', tenant_id, tenants.plan, metrics_retention_days, entitlements_version) AS id
       FROM organizations JOIN tenants ON tenants.id = tenant_id`,
    ],
  },
  effect('apps of deploy', ['deploy', 'apps', 'id'], 'monitor', ['monitor', 'apps', 'id']),
  {
    of: 'app events of deploy',
    source: ['deploy', "SELECT id FROM outbox WHERE type = 'capsule.deploy.app.created.v1'"],
    in: "monitor's timeline",
    target: ['monitor', "SELECT event_id AS id FROM activities WHERE type = 'capsule.deploy.app.created.v1'"],
  },
];

/** A query that has to be asked for. */
type MadeQuery = (databases: Databases) => Promise<Query>;

/** A member waits in one table until its tenant's own is made. */
async function membersOfMonitor(databases: Databases): Promise<Query> {
  const schemas = await databases.ids(
    'monitor',
    "SELECT schema_name AS id FROM tenants WHERE state = 'active'",
  );
  const own = schemas.map((schema) => `SELECT id FROM ${schema}.users`);
  return ['monitor', ['SELECT user_id AS id FROM waiting_members', ...own].join(' UNION ALL ')];
}

type Column = [service: ServiceName, table: string, column: string];

function effect(of: string, source: Column, into: string, target: Column) {
  const query = ([service, table, column]: Column): Query => [
    service,
    `SELECT ${column} AS id FROM ${table}`,
  ];
  return { of, source: query(source), in: into, target: query(target) };
}

/** Waits until nothing is under way any more, then compares; what is still missing at the end of all patience is lost. */
export async function compareDatabases(
  databases: Databases,
  acknowledged: Acknowledged,
  { settledAfterMs, giveUpMs, everyMs }: Patience = patience,
): Promise<Verdict> {
  const startedAt = performance.now();
  for (;;) {
    const verdict = await compareNow(databases, acknowledged);
    const waited = performance.now() - startedAt;
    if ((verdict.lost === 0 && waited > settledAfterMs) || waited > giveUpMs) return verdict;
    await sleep(everyMs);
  }
}

/** Compares what is there at this moment. */
export async function compareNow(databases: Databases, acknowledged: Acknowledged): Promise<Verdict> {
  const findings: string[] = [];
  let lost = 0;
  let duplicated = 0;
  const note = (missing: string[], doubled: number, what: string) => {
    lost += missing.length;
    duplicated += doubled;
    if (missing.length > 0) findings.push(`${missing.length} ${what} are missing, such as ${missing[0]}`);
    if (doubled > 0) findings.push(`${doubled} ${what} are there more than once`);
  };

  const answered: [string, ServiceName, string, string[]][] = [
    ['answered organizations', 'auth', 'SELECT id FROM organizations', acknowledged.organizations],
    ['answered projects', 'deploy', 'SELECT id FROM projects', acknowledged.projects],
    ['answered apps', 'deploy', 'SELECT id FROM apps', acknowledged.apps],
  ];
  for (const [what, service, query, ids] of answered) {
    const stored = await databases.ids(service, query);
    // Each step was repeated until it was answered: more rows than answers are repetitions that took effect.
    note(without(ids, stored), Math.max(0, stored.length - new Set(ids).size), what);
  }
  for (const { of, source, in: into, target } of effects) {
    const query = typeof target === 'function' ? await target(databases) : target;
    const [wanted, found] = await Promise.all([databases.ids(...source), databases.ids(...query)]);
    note(without(wanted, found), found.length - new Set(found).size, `${of} in ${into}`);
  }
  const repeating = new Set<ServiceName>();
  for (const consumer of consumers) {
    const [committed, effects] = await eventsAndEffects(databases, consumer);
    const doubled = effects.length - new Set(effects).size;
    note(without(committed, effects), doubled, `effects of ${consumer.durable}`);
    if (doubled > 0) repeating.add(consumer.service);
  }
  for (const service of serviceNames) {
    const waiting = await databases.ids(service, 'SELECT id FROM outbox WHERE published_at IS NULL');
    note(waiting, 0, `published events of ${service}`);
  }
  return { lost, duplicated, repeating: [...repeating], findings };
}

function without(ids: readonly string[], present: readonly string[]): string[] {
  const set = new Set(present);
  return ids.filter((id) => !set.has(id));
}
