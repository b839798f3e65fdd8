import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, serviceNames } from '@capsule/contracts';
import type pg from 'pg';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { connectAsSuperuser } from '../supervisor/servers/postgres.js';
import { writtenByUpkeep } from './reviewed.fixture.js';

/** Longer than an event takes from one service to another. */
const QUIET_MS = 1_200;

interface Table {
  name: string;
  /** The table is the organization's as a whole, with or without its id in the rows. */
  isOwn: boolean;
  /** Of samples, or a partition of them: whose one is stands in its series. */
  isSamples: boolean;
}

/** Digests of one organization's rows in all databases, read by a superuser, whom no policy filters. */
export class RowDigests {
  /** Measuring goes on: samples from later on are not looked at. */
  private measuredUntil = new Date();

  private constructor(
    private readonly clients: Record<ServiceName, pg.Client>,
    /** Rows that have one of these anywhere are the organization's. */
    private readonly owners: readonly string[],
  ) {}

  static async open(
    { home, settings }: PrivatePlatform,
    organizationId: string,
    userId: string,
  ): Promise<RowDigests> {
    const clients = await Promise.all(
      serviceNames.map(async (service) => {
        const cluster = settings.clusters[service];
        return [service, await connectAsSuperuser(home, service, cluster, cluster.database)];
      }),
    );
    const byService = Object.fromEntries(clients) as Record<ServiceName, pg.Client>;
    return new RowDigests(byService, [organizationId, userId]);
  }

  client(service: ServiceName): pg.Client {
    return this.clients[service];
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.clients).map((client) => client.end()));
  }

  /** By table, `deploy public.apps`; those without a row of the organization are not in it. */
  async read(): Promise<Record<string, string>> {
    const digests = await Promise.all(serviceNames.map((service) => this.readDatabase(service)));
    return Object.fromEntries(digests.flat());
  }

  /** Resolves when nothing of the organization is being worked on any more. */
  async settled(): Promise<void> {
    this.measuredUntil = new Date();
    let [before, since] = [await this.read(), performance.now()];
    while (performance.now() - since < QUIET_MS) {
      await sleep(QUIET_MS / 4);
      const now = await this.read();
      if (changedTables(before, now).length > 0) since = performance.now();
      before = now;
    }
  }

  /** Does `work` while a table, by its name in `read`, is empty; nobody else sees it so. */
  async withoutRowsOf<T>(name: string, work: () => Promise<T>): Promise<T> {
    const [service, table] = name.split(' ') as [ServiceName, string];
    const client = this.clients[service];
    // As a replica no key and no trigger minds.
    await client.query(`BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM ${table}`);
    try {
      return await work();
    } finally {
      await client.query('ROLLBACK');
    }
  }

  private async readDatabase(service: ServiceName): Promise<[string, string][]> {
    const client = this.clients[service];
    const { rows: tables } = await client.query<Table>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname = ANY ($1::text[]) AS "isOwn",
              'samples' IN (c.relname, (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid)) AS "isSamples"
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND (n.nspname = 'public' OR n.nspname = ANY ($1::text[]))
        ORDER BY name`,
      [await this.ownSchemas(service)],
    );
    const selects = tables.map(({ name, isOwn, isSamples }) => {
      const ignored = writtenByUpkeep[`${service} ${name}`]?.columns ?? [];
      const rows = isSamples
        ? `SELECT (to_jsonb(t) || to_jsonb(s))::text AS row FROM ${name} t
             JOIN (SELECT id AS series_id, tenant_id FROM series) AS s USING (series_id)
            WHERE t.sampled_at <= '${this.measuredUntil.toISOString()}'`
        : `SELECT (to_jsonb(t) - '{${ignored.join(',')}}'::text[])::text AS row FROM ${name} t`;
      return `SELECT '${service} ${name}' AS name, count(*) || ' rows ' || md5(string_agg(row, '' ORDER BY row)) AS digest
                FROM (${rows}) AS rows WHERE ${isOwn} OR row LIKE ANY ($1) HAVING count(*) > 0`;
    });
    const { rows } = await client.query<{ name: string; digest: string }>(selects.join(' UNION ALL '), [
      this.owners.map((id) => `%${id}%`),
    ]);
    return rows.map(({ name, digest }) => [name, digest]);
  }

  private async ownSchemas(service: ServiceName): Promise<string[]> {
    if (service !== 'monitor') return [];
    const { rows } = await this.clients.monitor.query<{ schema: string }>(
      'SELECT schema_name AS schema FROM tenants WHERE id = $1',
      [this.owners[0]],
    );
    return rows.map(({ schema }) => schema);
  }
}

/** Names of the tables whose digests are not the same. */
export function changedTables(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}
