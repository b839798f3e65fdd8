/**
 * What a release that still runs sends to a schema that was expanded for the next one.
 *
 * `migrations/released-statements/<service>.sql` holds the statements of the last release, recorded from its own code by
 * `npm run statements`. Each is planned on the newest schema as the role of the service, without being executed: so
 * tables, columns, types, functions and grants are still as it needs them, and what it inserts still fills whatever must
 * be filled. What planning can't tell is whether a new check, key or trigger refuses the values it writes: that is for the
 * lint of migrations and for review.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationsFolder } from '../migrations/migration-files.js';
import type { CatalogueClient } from './read-catalogue.js';

const HEAD = `-- Statements that the last release of SERVICE sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere; never by hand. See docs/runbooks/migrations.md.
`;

export function releasedStatementsPath(service: string): string {
  return join(migrationsFolder('released-statements'), `${service}.sql`);
}

export async function readReleasedStatements(service: string): Promise<string[]> {
  const text = await readFile(releasedStatementsPath(service), 'utf8');
  return text
    .replace(/^(?:--.*\r?\n)*/, '')
    .split(/;\r?\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** @param statements as they were sent */
export async function writeReleasedStatements(service: string, statements: readonly string[]): Promise<void> {
  const lines = [...new Set(statements.map((statement) => statement.trim()))].sort();
  const text = lines.map((statement) => `${statement};\n`).join('');
  await writeFile(releasedStatementsPath(service), `${HEAD.replace('SERVICE', service)}\n${text}`);
}

export interface BrokenStatement {
  statement: string;
  fault: string;
}

/**
 * @param client as the role of the service, outside of any transaction
 * @returns those that can't be run, or would leave empty what must be filled
 */
export async function findBrokenStatements(
  client: CatalogueClient,
  statements: readonly string[],
): Promise<BrokenStatement[]> {
  const broken: BrokenStatement[] = [];
  // Nobody knows the parameters: a generic plan is one for any.
  await client.query("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)");
  for (const statement of statements) {
    const fault = await plan(client, statement).then(
      (root) => unfilledColumn(client, root),
      (error: Error) => error.message,
    );
    if (fault !== undefined) broken.push({ statement, fault });
  }
  return broken;
}

interface Plan {
  'Node Type': string;
  Operation?: string;
  Schema?: string;
  'Relation Name'?: string;
  Output?: string[];
  Plans?: Plan[];
}

/** @throws the error that PostgreSQL would answer the statement with */
async function plan(client: CatalogueClient, statement: string): Promise<Plan> {
  await client.query(`PREPARE released AS ${statement}`);
  try {
    const { rows } = await client.query(
      "SELECT cardinality(parameter_types) AS count FROM pg_prepared_statements WHERE name = 'released'",
    );
    const nulls = Array.from({ length: Number(rows[0]?.['count']) }, () => 'NULL').join(', ');
    const explained = await client.query(
      `EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE released${nulls === '' ? '' : `(${nulls})`}`,
    );
    const [{ 'QUERY PLAN': [root] = [] } = {}] = explained.rows as { 'QUERY PLAN'?: { Plan: Plan }[] }[];
    if (!root) throw new Error('PostgreSQL explained nothing.');
    return root.Plan;
  } finally {
    await client.query('DEALLOCATE released');
  }
}

/** An insert's source has a value for each column of the table in turn: a constant null where nothing gives one. */
async function unfilledColumn(client: CatalogueClient, node: Plan): Promise<string | undefined> {
  const source = node.Plans?.[0];
  if (node['Node Type'] === 'ModifyTable' && node.Operation === 'Insert' && source?.Output) {
    const { rows } = await client.query(
      `SELECT attnotnull AND attgenerated = '' AND NOT attisdropped AS required, attname AS name
       FROM pg_attribute WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass AND attnum > 0 ORDER BY attnum`,
      [node.Schema, node['Relation Name']],
    );
    const missing = rows.find(
      ({ required }, index) => required === true && source.Output?.[index]?.startsWith('NULL::'),
    );
    if (missing) return `column "${missing['name']}" of "${node['Relation Name']}" must be filled`;
  }
  for (const child of node.Plans ?? []) {
    const fault = await unfilledColumn(client, child);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
