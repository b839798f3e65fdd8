import { normalizeStatement } from '../normalize-statement.js';
import { type Ask, notice, type Section, warning } from './section.js';

export interface StatementFigures {
  calls: number;
  meanMs: number;
  totalMs: number;
  rows: number;
  /** Shape of the statement, without any value; null where the reading role may not see it. */
  statement: string | null;
}

const SHOWN = 10;
/** As the threshold from which services log a statement as slow is by default. */
const SLOW_MS = 250;
const TELLING_CALLS = 10;

/**
 * Statements that read or write rows, costliest first. Utility statements are left out: PostgreSQL keeps them as they
 * were sent, and some carry passwords. Of the slow ones there may be many that are called too seldom to be among the
 * costliest of all: the filter is the server's, before the limit.
 */
const COSTLIEST = `
  SELECT calls::float8 AS calls, mean_exec_time AS "meanMs", total_exec_time AS "totalMs", rows::float8 AS rows,
         CASE WHEN query <> '<insufficient privilege>' THEN query END AS statement
  FROM pg_stat_statements
  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND query ~* '^\\s*(select|insert|update|delete|merge|with|<insufficient)'
    AND mean_exec_time >= $1 AND calls >= $2
  ORDER BY total_exec_time DESC LIMIT ${SHOWN}`;

/** Null when there is no pg_stat_statements to ask. */
export async function readStatements(ask: Ask): Promise<Section<StatementFigures[] | null>> {
  const [found] = await ask<{ isLoaded: boolean; isCreated: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max') AS "isLoaded",
            to_regclass('pg_stat_statements') IS NOT NULL AS "isCreated"`,
  );
  if (!found?.isLoaded || !found.isCreated) {
    const missing = found?.isLoaded ? 'is not created in this database' : 'is not loaded';
    return {
      figures: null,
      findings: [notice(`pg_stat_statements ${missing}: slow statements are not counted.`, HOW)],
    };
  }
  const costliest = async (leastMeanMs: number, leastCalls: number): Promise<StatementFigures[]> =>
    (await ask<StatementFigures>(COSTLIEST, [leastMeanMs, leastCalls])).map((row) => ({
      ...row,
      statement: row.statement === null ? null : normalizeStatement(row.statement),
    }));
  const slow = await costliest(SLOW_MS, TELLING_CALLS);
  return {
    figures: await costliest(0, 0),
    findings: slow.map(({ meanMs, calls, statement }) =>
      warning(
        `A statement takes ${Math.round(meanMs)} ms on average (${calls} calls): ${statement ?? 'hidden from this role'}`,
        'EXPLAIN (ANALYZE, BUFFERS) it as the app role inside a tenant, and give it the index that its plan lacks.',
      ),
    ),
  };
}

const HOW =
  'Add pg_stat_statements to shared_preload_libraries, restart, and as a superuser run CREATE EXTENSION ' +
  'pg_stat_statements in this database. The servers of npm start have it from their next start on where PostgreSQL ' +
  'was installed with its contrib modules.';
