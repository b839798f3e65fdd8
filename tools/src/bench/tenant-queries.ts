/**
 * What a service asks of its database for a tenant, with a million rows beside those that are asked for. The running
 * monitor is asked on the bus, as the gateway asks it, so the statements are its own, and the way to it is in the figures.
 */
import { randomUUID } from 'node:crypto';
import { activityList, toolMetricList, userSignUp } from '@capsule/contracts';
import type { Database } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { NatsConnection, RpcClient } from '@capsule/messaging';
import { runInContext } from '@capsule/telemetry';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { openMonitorDatabase } from './monitor-database.js';
import { atMost, percentile, type Row } from './row.js';
import { measureTenancy } from './tenancy-cost.js';
import { TenantOwners } from './tenant-owners.js';
import {
  onlyTenant,
  seedDocuments,
  seedTenants,
  tenantDomain,
  tenantId,
  TENANTS,
  TENANTS_WITH_ACTIVITIES,
  toolName,
  TOOLS,
  WORK_SESSIONS,
  workSessionId,
} from './tenant-seed.js';

const CONNECTIONS = 10;
const QUESTIONS = 5_000;
const P99_LIMIT_MS = 100;

/** A question of one asker, and how to go on. */
type Ask = () => Promise<unknown>;

interface Question {
  name: string;
  /** Called once for each asker. */
  asker(): Ask;
}

export async function measureTenantQueries(running: PrivatePlatform): Promise<Row[]> {
  const monitor = await openMonitorDatabase(running, CONNECTIONS);
  const { url, passwords } = running.settings.nats;
  const login = { url, user: 'gateway', password: passwords.gateway } as const;
  const connection = await NatsConnection.open('gateway', login);
  try {
    const rpc = new RpcClient(connection);
    await runInContext({ requestId: randomUUID() }, () => rpc.call(userSignUp, account));
    const tenant = await onlyTenant(monitor.superuser);
    await seedDocuments(monitor.superuser, tenant.schema);
    await seedTenants(monitor.superuser);
    // What was seeded is on the disk before anything is measured.
    await monitor.superuser.query('CHECKPOINT');
    const rows: Row[] = [];
    const owners = await TenantOwners.of([...askedFor, ...withActivities, tenant.id], running);
    for (const { name, asker } of questionsTo(rpc, owners, monitor.database, tenant.id)) {
      rows.push(await askOften(`${name}, of a million, p99`, asker));
    }
    return [...(await measureTenancy(monitor)), ...rows];
  } finally {
    await connection.onApplicationShutdown();
    await monitor.close();
  }
}

const account = {
  email: 'bench@example.com',
  password: 'a long enough password',
  name: 'Bench',
  organizationName: 'Bench',
};

const askedFor = Array.from({ length: QUESTIONS }, () => tenantId(below(TENANTS)));
const withActivities = Array.from({ length: TENANTS_WITH_ACTIVITIES }, (_, n) => tenantId(n));

function questionsTo(
  rpc: RpcClient,
  owners: TenantOwners,
  database: Database,
  documentsOf: string,
): Question[] {
  const activities = (tenant: string, cursor?: string) =>
    owners.as(tenant, () => rpc.call(activityList, cursor === undefined ? {} : { cursor }));
  const toolMetrics = (filter: { tool?: string; workSessionId?: string; cursor?: string }) =>
    owners.as(documentsOf, () => rpc.call(toolMetricList, filter));
  return [
    {
      // Monitor looks for the tenant's tables first, and goes no further: these tenants are not served.
      name: 'a tenant by its id',
      asker: () => () =>
        refusalOf(
          owners.as(anyOf(askedFor), () => rpc.call(toolMetricList, {})),
          'inactive',
        ),
    },
    {
      // No request names a tenant by its domain; this is the function that monitor has for it.
      name: 'a tenant by its domain',
      asker: () => () =>
        database.withoutTenant((tx) =>
          tx.query('SELECT tenant_find_by_domain($1) AS id', [tenantDomain(below(TENANTS))]),
        ),
    },
    {
      name: 'the newest page of activities',
      asker: () => () => activities(anyOf(withActivities)),
    },
    {
      name: 'page after page of activities',
      asker: () => {
        let tenant = anyOf(withActivities);
        return leaf(
          (cursor) => activities(tenant, cursor),
          () => (tenant = anyOf(withActivities)),
        );
      },
    },
    {
      name: "the newest page of a tenant's tool metrics",
      asker: () => () => toolMetrics({}),
    },
    {
      name: "page after page of a tenant's tool metrics",
      asker: () => leaf((cursor) => toolMetrics(cursor === undefined ? {} : { cursor })),
    },
    {
      name: "the newest page of a tenant's tool metrics of one tool",
      asker: () => () => toolMetrics({ tool: toolName(below(TOOLS)) }),
    },
    {
      name: "the newest page of a tenant's tool metrics of one session",
      asker: () => () => toolMetrics({ workSessionId: workSessionId(below(WORK_SESSIONS)) }),
    },
  ];
}

async function refusalOf(answer: Promise<unknown>, reason: string): Promise<void> {
  const refused = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refused instanceof DomainError && refused.code.endsWith(reason))) {
    throw new Error(`it was to be refused as ${reason}`, { cause: refused });
  }
}

/** Asks for the page after the last one; behind the end begins anew. */
function leaf(
  read: (cursor?: string) => Promise<{ items: unknown[]; nextCursor: string | null }>,
  onEnd?: () => void,
): Ask {
  let cursor: string | undefined;
  return async () => {
    const { items, nextCursor } = await read(cursor);
    if (items.length === 0) throw new Error('there was nothing on the page');
    cursor = nextCursor ?? undefined;
    if (cursor === undefined) onEnd?.();
  };
}

async function askOften(name: string, asker: () => Ask): Promise<Row> {
  const milliseconds: number[] = [];
  const askers = Array.from({ length: CONNECTIONS }, asker);
  await Promise.all(
    askers.map(async (ask) => {
      while (milliseconds.length < QUESTIONS) {
        const startedAt = performance.now();
        await ask();
        milliseconds.push(performance.now() - startedAt);
      }
    }),
  );
  return atMost(name, percentile(milliseconds, 0.99), 'ms', P99_LIMIT_MS);
}

function anyOf(tenants: readonly string[]): string {
  return tenants[below(tenants.length)] ?? '';
}

function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}
