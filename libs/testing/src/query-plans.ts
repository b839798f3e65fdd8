import { createHash } from 'node:crypto';
import { createDataSource, Database } from '@capsule/database';
import type pg from 'pg';
import type { TestDatabase } from './database.js';

type Entities = Parameters<typeof createDataSource>[2];

/** How a statement came to the rows of a table. */
export interface Scan {
  table: string;
  /** Null when it read the whole table. */
  index: string | null;
  /** What was looked up in the index. */
  condition: string;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
}

/**
 * Shows the plans by which PostgreSQL runs what a service's own code sends, as the role it runs as: auto_explain tells
 * the client, so there is no copy of a statement that could differ from the one in use. Statements inside of functions
 * are shown too.
 */
export class QueryPlans {
  private readonly told: string[] = [];

  private constructor(
    private readonly database: Database,
    private readonly test: TestDatabase,
  ) {}

  /** @param test holds enough rows for the planner to prefer an index; they are analysed here */
  static async watch(test: TestDatabase, entities: Entities = []): Promise<QueryPlans> {
    const role = `ALTER ROLE ${test.settings.user} IN DATABASE ${test.settings.name} SET`;
    await test.asSuperuser(async (client) => {
      await client.query('VACUUM ANALYZE');
      await client.query(`${role} session_preload_libraries = 'auto_explain'`);
      await client.query(`${role} auto_explain.log_min_duration = 0`);
      await client.query(`${role} auto_explain.log_nested_statements = on`);
      await client.query(`${role} auto_explain.log_format = 'json'`);
      await client.query(`${role} auto_explain.log_level = 'notice'`);
    });
    const settings = { ...test.settings, poolMin: 0, slowQueryThresholdMs: 60_000 };
    const dataSource = await createDataSource(settings, 'spec', entities).initialize();
    const plans = new QueryPlans(new Database(dataSource), test);
    const { master } = dataSource.driver as unknown as { master: pg.Pool };
    const heard = new WeakSet<pg.PoolClient>();
    // Not on 'connect': the first connection is made while the data source is initialised.
    master.on('acquire', (client) => {
      if (!heard.has(client)) client.on('notice', ({ message = '' }) => plans.told.push(message));
      heard.add(client);
    });
    return plans;
  }

  /** @returns every look into a table that the work took, statement by statement */
  async scansOf(work: (database: Database) => Promise<unknown>): Promise<Scan[]> {
    this.told.length = 0;
    await work(this.database);
    return this.told.flatMap((message) => {
      const [, plan] = /plan:\n([^]*)$/.exec(message) ?? [];
      return plan === undefined ? [] : scansIn((JSON.parse(plan) as { Plan: PlanNode }).Plan);
    });
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.test.close();
  }
}

function scansIn(node: PlanNode): Scan[] {
  const below = node.Plans?.flatMap(scansIn) ?? [];
  const table = node['Relation Name'];
  if (table === undefined || node['Node Type'] === 'ModifyTable') return below;
  const [lookup] = [node, ...(node.Plans ?? [])].filter((each) => each['Index Name'] !== undefined);
  const found = { table, index: lookup?.['Index Name'] ?? null, condition: lookup?.['Index Cond'] ?? '' };
  return [found, ...below];
}

/** What to expect of a look by way of an index, for a spec. @param condition is part of what was looked up in it */
export function looked(table: string, index: string, condition: RegExp): Scan {
  return { table, index, condition: expect.stringMatching(condition) as string };
}

/** What `md5('…')::uuid` is in PostgreSQL: names rows that are made many at once. */
export function md5Uuid(text: string): string {
  const digest = createHash('md5').update(text).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
