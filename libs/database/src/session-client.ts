import { inSpan, isTracing } from '@capsule/telemetry';
import type pg from 'pg';
import { type Opening, OpeningQuery, type SessionContext } from './opening-query.js';
import { type Statement, WireClientBase } from './pg-internals.js';

export interface SessionClientConfig extends pg.ClientConfig {
  opening: Opening;
  /** Told of every statement that was answered: its text with placeholders, never its parameters. */
  onStatement: (text: string, durationMs: number, failed: boolean) => void;
}

const NOTHING_DONE: pg.QueryResult = { command: '', rowCount: null, oid: 0, fields: [], rows: [] };

/**
 * The pg client of a service's pool. TypeORM's query runner begins, commits and rolls back on it as on any other, so
 * it knows that it is in a transaction; but after `expectBegin` the runner's START TRANSACTION is held back and goes
 * out together with the context and the first statement (see OpeningQuery). A transaction without statements sends
 * nothing at all.
 */
export class SessionClient extends WireClientBase {
  private readonly onStatement: SessionClientConfig['onStatement'];
  private readonly opening: Opening;
  private expected: SessionContext | undefined;
  private heldBack: SessionContext | undefined;
  private unusable = false;
  private lost = false;

  constructor(config: SessionClientConfig) {
    super(config);
    this.onStatement = config.onStatement;
    this.opening = config.opening;
    const lose = (): void => void (this.lost = true);
    this.on('error', lose).on('end', lose);
  }

  /** The connection is gone: whatever fails on it from now on, fails because of that. */
  get isLost(): boolean {
    return this.lost;
  }

  expectBegin(context: SessionContext): void {
    this.expected = context;
  }

  /** May the next transaction have this connection? Not while one is open, or when it is unknown whether one is. */
  get isClean(): boolean {
    const status = this.getTransactionStatus();
    return !this.unusable && (status === 'I' || status === null);
  }

  override query(statement: Statement | string, values?: readonly unknown[]): Promise<pg.QueryResult> {
    const text = typeof statement === 'string' ? statement : statement.text;
    if (this.expected !== undefined && text === 'START TRANSACTION') {
      this.heldBack = this.expected;
      this.expected = undefined;
      return Promise.resolve(NOTHING_DONE);
    }
    const opens = this.heldBack;
    this.heldBack = undefined;
    const ends = text === 'COMMIT' || text === 'ROLLBACK';
    if (ends && (opens !== undefined || this.unusable)) return Promise.resolve(NOTHING_DONE);
    const sent = this.opening.keepsStatements ? statement : withoutName(statement);
    const send = () =>
      opens === undefined
        ? super.query(sent, values)
        : this.open(typeof sent === 'string' ? { text, values } : sent, opens);
    const answer = isTracing() ? inSpan('postgres', { 'db.statement': text }, send, 'client') : send();
    return this.measure(text, answer);
  }

  private async measure(text: string, answer: Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    const startedAt = performance.now();
    let failed = true;
    try {
      const result = await answer;
      // After a failed statement PostgreSQL answers COMMIT with a rollback, and not with an error.
      if (text === 'COMMIT' && result.command !== 'COMMIT') {
        throw new Error('A statement of the transaction failed, yet its work went on and committed.');
      }
      failed = false;
      return result;
    } finally {
      this.onStatement(text, performance.now() - startedAt, failed);
    }
  }

  private open(statement: Statement, context: SessionContext): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      const opening = new OpeningQuery(statement, this.opening, context);
      opening.callback = (error, result) => {
        if (error === null) return resolve(result as pg.QueryResult);
        // Neither side knows any more what is open and what is prepared: the pool must not keep the connection.
        if (!opening.opened) this.unusable = true;
        reject(error);
      };
      void super.query(opening);
    });
  }
}

function withoutName(statement: Statement | string): Statement | string {
  return typeof statement === 'string' ? statement : { text: statement.text, values: statement.values };
}
