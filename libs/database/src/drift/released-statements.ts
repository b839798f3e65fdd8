/**
 * What a release that still runs sends to a schema that was expanded for the next one.
 *
 * `migrations/released-statements/<name>.sql` holds the statements of the last release, recorded from its own code by
 * `npm run statements`. Each is planned on the newest schema as the role of the service: so tables, columns, types,
 * functions and grants are still as it needs them, and what it inserts still fills whatever must be filled. Then it is run
 * with sample values and rolled back, which tells the same of the bodies of the functions and triggers it comes to, and
 * of checks and triggers that the release did not know whether they refuse it. What that can't tell of, for samples are no
 * values and there are no rows to update, is for the lint of migrations and for review.
 */
import type pg from 'pg';
import { isOurs } from './catalogue-access.js';
import type { CatalogueClient } from './read-catalogue.js';
import type { Release } from './released-statements-file.js';

/** Class 42 of PostgreSQL's error codes: something isn't there, isn't of that type, or isn't for this role. */
const SYNTAX_OR_ACCESS = '42';
/** Where PostgreSQL finds that a policy refuses the values of a new row, under the code of a missing right. */
const ROW_POLICY_CHECK = 'ExecWithCheckOptions';
const CHECK_VIOLATION = '23514';
/** Also the tenant's, whose context each statement is run in. */
export const SAMPLE_ID = '01890000-0000-7000-8000-000000000001';
const SAMPLES: Readonly<Record<string, string>> = {
  uuid: `'${SAMPLE_ID}'`,
  text: "'sample'",
  citext: "'sample'",
  'character varying': "'sample'",
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  'double precision': '1',
  boolean: 'true',
  json: "'{}'",
  jsonb: "'{}'",
  date: 'now()',
  'timestamp with time zone': 'now()',
  'uuid[]': `'{${SAMPLE_ID}}'`,
  'text[]': "'{sample}'",
  'integer[]': "'{1}'",
  'bigint[]': "'{1}'",
  'double precision[]': "'{1}'",
  'boolean[]': "'{true}'",
  'timestamp with time zone[]': 'ARRAY[now()]',
};

export interface BrokenStatement {
  statement: string;
  fault: string;
}

/** What could refuse rows in a schema: the names of its checks and functions. */
export async function readGuards(client: CatalogueClient, schema: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND connamespace = to_regnamespace($1)
     UNION
     SELECT proname FROM pg_proc p WHERE pronamespace = to_regnamespace($1) AND ${isOurs('pg_proc', 'p.oid')}`,
    [schema],
  );
  return rows.map(({ name }) => String(name));
}

/**
 * Samples violate most checks, and PostgreSQL tells of one alone: those that the release knew would stand before a new one.
 * @param owner of a database that is thrown away
 */
export async function dropKnownChecks(
  owner: CatalogueClient,
  { guards }: Release,
  schema = 'public',
): Promise<void> {
  const { rows } = await owner.query(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS statement FROM pg_constraint
     WHERE contype = 'c' AND conrelid <> 0 AND coninhcount = 0 AND connamespace = to_regnamespace($1) AND conname = ANY ($2)`,
    [schema, guards],
  );
  for (const { statement } of rows) await owner.query(String(statement));
}

/**
 * @param client as the role of the service, outside of any transaction
 * @returns those that can't be run, or would leave empty what must be filled, or are refused by what the release did not know
 */
export async function findBrokenStatements(
  client: CatalogueClient,
  { statements, guards }: Release,
): Promise<BrokenStatement[]> {
  const broken: BrokenStatement[] = [];
  // Nobody knows the parameters: a generic plan is one for any.
  await client.query("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)");
  for (const statement of statements) {
    const fault = await faultOf(client, statement, guards).catch((error: Error) => error.message);
    if (fault !== undefined) broken.push({ statement, fault });
  }
  return broken;
}

/** @throws the error that PostgreSQL would answer the statement with */
async function faultOf(
  client: CatalogueClient,
  statement: string,
  guards: readonly string[],
): Promise<string | undefined> {
  await client.query(`PREPARE released AS ${statement}`);
  try {
    const { rows } = await client.query(
      `SELECT type::text FROM pg_prepared_statements, unnest(parameter_types) WITH ORDINALITY AS each (type, place)
       WHERE name = 'released' ORDER BY place`,
    );
    const types = rows.map(({ type }) => String(type));
    const missing = await unfilledColumn(client, await plan(client, types));
    return missing ?? (await run(client, types, guards));
  } finally {
    await client.query('DEALLOCATE released');
  }
}

interface Plan {
  'Node Type': string;
  Operation?: string;
  Schema?: string;
  'Relation Name'?: string;
  Output?: string[];
  Plans?: Plan[];
}

async function plan(client: CatalogueClient, types: readonly string[]): Promise<Plan> {
  const nulls = types.map(() => 'NULL');
  const { rows } = await client.query(`EXPLAIN (VERBOSE, FORMAT JSON) ${execute(nulls)}`);
  const [{ 'QUERY PLAN': [root] = [] } = {}] = rows as { 'QUERY PLAN'?: { Plan: Plan }[] }[];
  if (!root) throw new Error('PostgreSQL explained nothing.');
  return root.Plan;
}

/** Leaves nothing behind. An error about values is no fault: these are samples, and no row is there that they name. */
async function run(
  client: CatalogueClient,
  types: readonly string[],
  guards: readonly string[],
): Promise<string | undefined> {
  await client.query('BEGIN');
  try {
    await client.query("SELECT set_config('app.tenant_id', $1, true)", [SAMPLE_ID]);
    await client.query(execute(types.map((type) => `${SAMPLES[type] ?? 'NULL'}::${type}`)));
    return undefined;
  } catch (error) {
    const { code, message, routine } = error as pg.DatabaseError;
    const guard = refusedBy(error as pg.DatabaseError);
    if (guard !== undefined) return guards.includes(guard) ? undefined : `refused by ${guard}: ${message}`;
    return code?.startsWith(SYNTAX_OR_ACCESS) && routine !== ROW_POLICY_CHECK ? message : undefined;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The check that was violated, or the function that raised the error. */
function refusedBy({ code, constraint, where = '' }: pg.DatabaseError): string | undefined {
  if (code === CHECK_VIOLATION && constraint !== undefined) return constraint;
  return /^PL\/pgSQL function (?:\w+\.)?(\w+)\(.*\) line \d+ at RAISE/.exec(where)?.[1];
}

function execute(values: readonly string[]): string {
  return `EXECUTE released${values.length === 0 ? '' : `(${values.join(', ')})`}`;
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
