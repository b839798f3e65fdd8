// Applies one file and writes its row of the history.
//
// In a transaction, file and row commit together, so there is nothing between pending and applied: whatever dies in the
// middle (this process, the server, the network) leaves the file pending, and the next run begins it anew.
//
// A file that says executeInTransaction=false can be half done, so its row is written first, as failed, and replaced by
// that of a success at the end. Whatever ends it before, kill -9 too, leaves the failed row, and nothing is migrated
// until a person has looked and run repair. An invalid index counts as a failure before and after such a file.
//
// Tables are waited for in short turns: a statement that waits for a lock makes everybody after it wait too, so it gives
// up after lock_timeout, lets the others through, and comes again. What says CONCURRENTLY holds nobody up while it waits,
// and must not be stopped on its way.
//
// Where a transaction begins and ends is the runner's alone: a file with a COMMIT of its own could be half applied.
import pg from 'pg';
import { findInvalidIndexes } from './invalid-indexes.js';
import { describeFailure, StatementError } from './file-failure.js';
import { MigrationError } from './migration-error.js';
import type { MigrationFile } from './migration-files.js';
import type { HistoryEntry, SchemaHistory } from './schema-history.js';
import { type Statement, splitStatements } from './statements.js';

export interface ApplyOptions {
  schema: string;
  /** How long one statement may stand in the queue for a table. */
  lockTimeoutMs: number;
  /** How long to come again and again before the run fails. */
  tableWaitMs: number;
}

const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';
/** What a statement begins with that begins or ends a transaction. */
const TRANSACTION_CONTROL = /^(begin|start transaction|commit|end|rollback|abort|prepare transaction)\b/;

/** @throws MigrationError naming file and line; nothing of a transactional file was kept then */
export async function applyFile(
  client: pg.Client,
  history: SchemaHistory,
  file: MigrationFile,
  options: ApplyOptions,
): Promise<void> {
  try {
    const statements = splitStatements(file.sql);
    requireNoTransactionControl(statements);
    if (file.isTransactional)
      await untilLocked(options, () => applyInTransaction(client, history, file, options));
    else await applyByStatement(client, history, file, statements, options);
  } catch (error) {
    throw new MigrationError(`${file.script} failed: ${describeFailure(error, file)}`, { cause: error });
  }
}

async function applyInTransaction(
  client: pg.Client,
  history: SchemaHistory,
  file: MigrationFile,
  options: ApplyOptions,
): Promise<void> {
  const startedAt = performance.now();
  await client.query(`${opening(options)}\nBEGIN;`);
  try {
    await client.query(file.sql);
    await client.query(history.insertion(entryOf(file, { executionTimeMs: performance.now() - startedAt })));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function applyByStatement(
  client: pg.Client,
  history: SchemaHistory,
  file: MigrationFile,
  statements: readonly Statement[],
  options: ApplyOptions,
): Promise<void> {
  await requireValidIndexes(client, options.schema);
  const startedAt = performance.now();
  await history.insert(entryOf(file, { executionTimeMs: 0, success: false }));
  await client.query(opening(options));
  for (const statement of statements) {
    const timeoutMs = statement.words.includes('concurrently') ? 0 : options.lockTimeoutMs;
    await client.query(`SET lock_timeout = ${timeoutMs}`);
    await untilLocked(options, () => client.query(statement.text)).catch((error: unknown) => {
      throw new StatementError(statement.offset, error);
    });
  }
  await requireValidIndexes(client, options.schema);
  const entry = entryOf(file, { executionTimeMs: performance.now() - startedAt });
  // One query of several statements, so one transaction, which leaves nothing open when it fails.
  await client.query(`${history.failuresRemoval(file.script)} ${history.insertion(entry)}`);
}

function requireNoTransactionControl(statements: readonly Statement[]): void {
  for (const { words, offset } of statements) {
    const [control] = TRANSACTION_CONTROL.exec(words.slice(0, 2).join(' ')) ?? [];
    if (control === undefined) continue;
    const refusal = new MigrationError(`It has ${control.toUpperCase()}, and transactions are the runner's.`);
    throw new StatementError(offset, refusal);
  }
}

async function requireValidIndexes(client: pg.Client, schema: string): Promise<void> {
  const invalid = await findInvalidIndexes(client, schema);
  if (invalid.length > 0) throw new MigrationError(invalid.join('\n'));
}

/**
 * The settings a file begins with, whatever the one before it has set.
 *
 * row_security is off: owners obey FORCE ROW LEVEL SECURITY too, and a backfill would otherwise update no rows and call
 * it success. It has to lift and restore FORCE itself. Bodies of SQL functions are not checked when they are made, because
 * that check plans them as the owner and row_security = off refuses their tables, though they will run as a role that
 * policies don't bind; platform-tables.spec.ts checks them instead.
 */
export function opening({ schema, lockTimeoutMs }: ApplyOptions): string {
  const path = schema === 'public' ? 'public' : `${pg.escapeIdentifier(schema)}, public`;
  return [
    'RESET ROLE; RESET ALL;',
    'SET row_security = off; SET check_function_bodies = off;',
    `SET search_path = ${path}; SET lock_timeout = ${lockTimeoutMs};`,
  ].join('\n');
}

export function entryOf(
  file: MigrationFile,
  { executionTimeMs, success = true }: { executionTimeMs: number; success?: boolean },
): HistoryEntry {
  const { versionText, description, script, checksum, digest } = file;
  const type = file.kind === 'undo' ? 'UNDO_SQL' : 'SQL';
  return { versionText, description, type, script, checksum, digest, executionTimeMs, success };
}

async function untilLocked<T>(options: ApplyOptions, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + options.tableWaitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isLocked =
        error instanceof pg.DatabaseError &&
        (error.code === LOCK_NOT_AVAILABLE || error.code === DEADLOCK_DETECTED);
      if (!isLocked || Date.now() > deadline) throw error;
    }
    // As long as it stood in the queue, so that at worst half of the others' time is lost.
    await new Promise((resolve) => setTimeout(resolve, options.lockTimeoutMs * (0.5 + Math.random())));
  }
}
