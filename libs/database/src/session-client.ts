import { inSpan, isTracing } from '@capsule/telemetry';
import type pg from 'pg';
import { type Opening, OpeningQuery, type SessionContext } from './opening-query.js';
import { type Statement, WireClientBase } from './pg-internals.js';

export interface SessionClientConfig extends pg.ClientConfig {
  opening: Opening;
  /** Told of every statement that was answered: its text with placeholders, never its parameters. */
  onStatement: (text: string, durationMs: number, failed: boolean) => void;
}

/**
 * The pg client of a service's pool. What `begin` is told is held back and goes out together with the first statement
 * (see OpeningQuery); a transaction without statements sends nothing at all.
 */
export class SessionClient extends WireClientBase {
  private readonly onStatement: SessionClientConfig['onStatement'];
  private readonly opening: Opening;
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

  begin(context: SessionContext): void {
    this.heldBack = context;
  }

  /** @throws when a statement of the transaction has failed: PostgreSQL then answers COMMIT by rolling back, and not with an error */
  async commit(): Promise<void> {
    if (this.hasSentNothing()) return;
    const { command } = await this.query('COMMIT');
    if (command !== 'COMMIT') {
      throw new Error('A statement of the transaction failed, yet its work went on and committed.');
    }
  }

  async rollback(): Promise<void> {
    if (this.hasSentNothing() || this.unusable) return;
    await this.query('ROLLBACK');
  }

  /** May the next transaction have this connection? Not while one is open, or when it is unknown whether one is. */
  get isClean(): boolean {
    const status = this.getTransactionStatus();
    return !this.unusable && (status === 'I' || status === null);
  }

  override query(statement: Statement | string, values?: readonly unknown[]): Promise<pg.QueryResult> {
    const text = typeof statement === 'string' ? statement : statement.text;
    const opens = this.heldBack;
    this.heldBack = undefined;
    const sent = this.opening.keepsStatements ? statement : withoutName(statement);
    const send = () =>
      opens === undefined
        ? super.query(sent, values)
        : this.open(typeof sent === 'string' ? { text, values } : sent, opens);
    const answer = isTracing() ? inSpan('postgres', { 'db.statement': text }, send, 'client') : send();
    return this.measure(text, answer);
  }

  private hasSentNothing(): boolean {
    const sentNothing = this.heldBack !== undefined;
    this.heldBack = undefined;
    return sentNothing;
  }

  private async measure(text: string, answer: Promise<pg.QueryResult>): Promise<pg.QueryResult> {
    const startedAt = performance.now();
    let failed = true;
    try {
      const result = await answer;
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
