import pg from 'pg';
import type { MigrationFile } from './migration-files.js';

const ACTIVE_SQL_TRANSACTION = '25001';

/** An error of one of several statements; the position that PostgreSQL gives counts from its beginning. */
export class StatementError extends Error {
  constructor(
    readonly offset: number,
    cause: unknown,
  ) {
    super('A statement failed.', { cause });
  }
}

/** What went wrong, with the line of the file and, where there is one, a hint. */
export function describeFailure(error: unknown, file: MigrationFile): string {
  if (error instanceof StatementError) return describeAt(error.cause, file, error.offset);
  return describeAt(error, file);
}

/** @param offset of the statement, when it is known which one failed */
function describeAt(error: unknown, file: MigrationFile, offset?: number): string {
  if (!(error instanceof Error)) return String(error);
  const position = error instanceof pg.DatabaseError ? error.position : undefined;
  const isKnown = position !== undefined || offset !== undefined;
  const line = isKnown ? ` (line ${lineAt(file.sql, offset ?? 0, Number(position ?? 1))})` : '';
  if (!(error instanceof pg.DatabaseError)) return `${error.message}${line}`;
  const isRefusedInTransaction = error.code === ACTIVE_SQL_TRANSACTION && file.isTransactional;
  const hint = isRefusedInTransaction
    ? `Write executeInTransaction=false into ${file.script}.conf.`
    : error.hint;
  return `${error.message}${line}${hint === undefined ? '' : ` ${hint}`}`;
}

/** @param position counted in characters from 1, as PostgreSQL gives it */
function lineAt(sql: string, offset: number, position: number): number {
  const before = sql.slice(0, offset) + [...sql.slice(offset)].slice(0, position).join('');
  return before.split('\n').length;
}
