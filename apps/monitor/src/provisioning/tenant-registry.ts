import pg from 'pg';
import type { TenantState } from '../tenant/tenant.js';

export interface RegisteredTenant {
  id: string;
  schemaName: string;
  state: TenantState;
  schemaVersion: string | null;
  failure: string | null;
  failedAttempts: number;
}

/** First key of the advisory locks that provisioners keep out of each other's way by; "tena" in ASCII. */
const LOCK_CLASS = 0x74_65_6e_61;
const PAGE = 1_000;
/** Among the results of a transaction: after BEGIN, SET and the context. */
const STATEMENT = 3;

/**
 * The registry as its owner works on it. The owner, too, sees a tenant in its context only; ids come from the functions over all
 * tenants. Everything is named with its schema, because migrations move the search path of the session.
 */
export class TenantRegistry {
  constructor(private readonly client: pg.Client) {}

  /** Tenants that are not finished, or older than `newestVersion`, and not waiting for their next attempt. */
  async findDue(newestVersion: string, limit: number): Promise<string[]> {
    const { rows } = await this.client.query<{ id: string }>('SELECT public.tenants_due($1, $2) AS id', [
      newestVersion,
      limit,
    ]);
    return rows.map(({ id }) => id);
  }

  async allIds(): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      const { rows } = await this.client.query<{ id: string }>('SELECT public.tenants_after($1, $2) AS id', [
        ids.at(-1) ?? null,
        PAGE,
      ]);
      ids.push(...rows.map(({ id }) => id));
      if (rows.length < PAGE) return ids;
    }
  }

  /** Holds until `unlock`, or until the session ends with its process. @returns false when another session holds it */
  async tryLock(id: string): Promise<boolean> {
    const { rows } = await this.client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked',
      [LOCK_CLASS, id],
    );
    return rows[0]?.locked === true;
  }

  async unlock(id: string): Promise<void> {
    await this.client.query('SELECT pg_advisory_unlock($1, hashtext($2))', [LOCK_CLASS, id]);
  }

  async find(id: string): Promise<RegisteredTenant | undefined> {
    const [row] = await this.inTenant<RegisteredTenant>(
      id,
      `SELECT id, schema_name AS "schemaName", state, schema_version AS "schemaVersion", failure,
              failed_attempts AS "failedAttempts"
       FROM public.tenants WHERE id = ${pg.escapeLiteral(id)}`,
    );
    return row;
  }

  /**
   * Sets it active, with the version that its schema's own history has. A trigger moves the members who waited for its
   * tables into them, in the same transaction.
   * @returns false when it was all of that already
   */
  async activate(id: string): Promise<boolean> {
    const rows = await this.inTenant(
      id,
      `UPDATE public.tenants AS tenant
       SET state = 'active', failure = NULL, failed_attempts = 0, schema_version = own.version
       FROM (${ownVersion(id)}) AS own
       WHERE tenant.id = own.id
         AND (tenant.state, tenant.failure, tenant.schema_version) IS DISTINCT FROM ('active', NULL, own.version)
       RETURNING tenant.id`,
    );
    return rows.length > 0;
  }

  /** Keeps the version that its schema's own history has, after that was changed otherwise than by a migration. */
  async followHistory(id: string): Promise<void> {
    await this.inTenant(
      id,
      `UPDATE public.tenants AS tenant SET schema_version = own.version FROM (${ownVersion(id)}) AS own
       WHERE tenant.id = own.id AND tenant.schema_version IS DISTINCT FROM own.version`,
    );
  }

  /**
   * Remembers why it did not succeed, and puts the next attempt off: 1 s, doubling up to 5 min.
   * @returns milliseconds until the next attempt
   */
  async recordFailure(id: string, reason: string): Promise<number> {
    const [row] = await this.inTenant<{ wait: number }>(
      id,
      `UPDATE public.tenants
       SET state = CASE state WHEN 'active' THEN 'active' ELSE 'failed' END, failure = ${pg.escapeLiteral(reason)},
           failed_attempts = failed_attempts + 1,
           next_attempt_at = clock_timestamp()
             + least(interval '1 second' * 2 ^ least(failed_attempts, 10), interval '5 minutes')
       WHERE id = ${pg.escapeLiteral(id)}
       RETURNING (extract(epoch FROM next_attempt_at - clock_timestamp()) * 1000)::float8 AS wait`,
    );
    return row?.wait ?? 0;
  }

  /** In one round trip, as many as there are for a tenant that somebody waits for. */
  private async inTenant<Row extends pg.QueryResultRow>(id: string, statement: string): Promise<Row[]> {
    const { client } = this;
    try {
      const results: unknown = await client.query(
        // A migration before this one has switched row-level security off for the session.
        `BEGIN; SET LOCAL row_security = on; SELECT set_config('app.tenant_id', ${pg.escapeLiteral(id)}, true);
         ${statement}; COMMIT`,
      );
      return (results as pg.QueryResult<Row>[])[STATEMENT]?.rows ?? [];
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

function ownVersion(id: string): string {
  return `SELECT id, public.tenant_schema_version(schema_name) AS version
          FROM public.tenants WHERE id = ${pg.escapeLiteral(id)}`;
}
