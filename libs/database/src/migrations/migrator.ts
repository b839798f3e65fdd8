// Applies the migrations of one database, as its owner.
//
// States: a file is pending, or a row of flyway_schema_history says that it was applied. File and row are one
// transaction, so there is nothing between: whatever dies in the middle of a file (this process, the server, the
// network) leaves it pending, and the next run begins it anew.
//
// Runners exclude each other by an advisory lock of the session, which ends with it. It is polled, never waited for:
// a backend that waits for a lock holds a snapshot, and CREATE INDEX CONCURRENTLY waits for all of those, so one runner
// would wait for the index of another that waits for it. A killed runner's backend goes on until its statement ends or
// it notices that nobody listens; only then the lock is free, so a second run never meets a first one's leftovers.
//
// row_security is off: owners obey FORCE ROW LEVEL SECURITY too, and a backfill would otherwise update no rows and call
// it success. It has to lift and restore FORCE itself. Bodies of SQL functions are not checked when they are made, because
// that check plans them as the owner and row_security = off refuses their tables, though they will run as a role that
// policies don't bind; migrations.spec.ts checks them instead.
import type { OwnerSettings } from '@capsule/config';
import pg from 'pg';
import { explainTlsFailure, tlsOptions } from '../tls.js';
import { type MigrationFile, readMigrationFiles } from './migration-files.js';
import { MigrationError } from './migration-error.js';
import { compareWithHistory, type MigrationInfo, requireSound } from './migration-state.js';
import { createHistory, historyExists, readHistory, recordSuccess } from './schema-history.js';

/** Of the server itself: a pooler would hand the lock of the session to somebody else. */
export type OwnerConnection = OwnerSettings;

export interface MigratorOptions {
  /** How long to poll for another runner to finish. */
  lockWaitMs?: number;
}

const LOCK_WAIT_MS = 120_000;
const LOCK_POLL_MS = 100;
/** "capsule" and "migr" in ASCII, cut to 63 bits; per database. */
const LOCK_KEY = '7161050871838369382';
const CONNECT_TIMEOUT_MS = 10_000;
/** A migration that waits for a table makes everybody after it wait too. */
const TABLE_LOCK_TIMEOUT_MS = 10_000;

export class Migrator {
  constructor(
    private readonly connection: OwnerConnection,
    private readonly folder: string,
    private readonly options: MigratorOptions = {},
  ) {}

  /**
   * Applies what is pending, each file in one transaction.
   * @returns what this run applied
   * @throws MigrationError when history and files don't belong together, or when another runner takes too long
   */
  async migrate(): Promise<MigrationFile[]> {
    const files = await readMigrationFiles(this.folder);
    return this.connected(async (client) => {
      await this.lock(client);
      if (!(await historyExists(client))) await createHistory(client);
      const infos = compareWithHistory(files, await readHistory(client));
      requireSound(infos);
      const pending = infos.filter((info) => info.state === 'pending').map((info) => info.script);
      const applied = files.filter((file) => pending.includes(file.script));
      for (const file of applied) await apply(client, file);
      return applied;
    });
  }

  /** The state of each migration; changes nothing. */
  async info(): Promise<MigrationInfo[]> {
    const files = await readMigrationFiles(this.folder);
    return this.connected(async (client) => {
      const history = (await historyExists(client)) ? await readHistory(client) : [];
      return compareWithHistory(files, history);
    });
  }

  private async connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const { name: database, tls, ...rest } = this.connection;
    const client = new pg.Client({
      ...rest,
      database,
      ssl: tlsOptions(tls),
      application_name: 'capsule-migrate',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      lock_timeout: TABLE_LOCK_TIMEOUT_MS,
      // The server looks for a dead peer in the middle of a statement, or a killed runner's one would go on for hours.
      options: [
        '-c client_connection_check_interval=1s',
        '-c row_security=off',
        '-c check_function_bodies=off',
        '-c search_path=public',
      ].join(' '),
    });
    // A connection that breaks fails the statement that needs it; without a listener it would end the process.
    client.on('error', () => undefined);
    await client.connect().catch((error: unknown) => {
      throw explainTlsFailure(error, this.connection);
    });
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  private async lock(client: pg.Client): Promise<void> {
    const deadline = Date.now() + (this.options.lockWaitMs ?? LOCK_WAIT_MS);
    for (;;) {
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS locked', [LOCK_KEY]);
      if (rows[0].locked === true) return;
      if (Date.now() > deadline) {
        throw new MigrationError(`Another runner migrates ${this.connection.name} and does not finish.`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS * (0.5 + Math.random())));
    }
  }
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  const startedAt = performance.now();
  await client.query('BEGIN');
  try {
    const before = await transactionId(client);
    await client.query(file.sql);
    if ((await transactionId(client)) !== before) {
      throw new MigrationError('It ends the transaction itself, so it can be half applied.');
    }
    await recordSuccess(client, file, performance.now() - startedAt);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError(`${file.script} failed: ${describe(error, file.sql)}`, { cause: error });
  }
}

async function transactionId(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]?.id ?? '';
}

function describe(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof pg.DatabaseError)) return error.message;
  const line = error.position === undefined ? '' : ` (line ${lineAt(sql, Number(error.position))})`;
  return `${error.message}${line}${error.hint === undefined ? '' : ` ${error.hint}`}`;
}

/** @param position counted in characters from 1, as PostgreSQL gives it */
function lineAt(sql: string, position: number): number {
  return [...sql].slice(0, position).filter((character) => character === '\n').length + 1;
}
