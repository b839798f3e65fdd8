import { inSpan, isTracing } from '@capsule/telemetry';
import type pg from 'pg';
import type { Opening, SessionContext } from './opening.js';
import { type Statement, WireClientBase } from './pg-internals.js';
import { type PendingStatement, StatementGroup } from './statement-group.js';

export interface SessionClientConfig extends pg.ClientConfig {
  opening: Opening;
  /** Told of every statement that was answered: its text with placeholders, never its parameters. */
  onStatement: (text: string, durationMs: number, failed: boolean) => void;
}

const NOTHING_DONE: pg.QueryResult = { command: '', rowCount: null, oid: 0, fields: [], rows: [] };

/**
 * The pg client of a service's pool. TypeORM's query runner begins, commits and rolls back on it as on any other, so
 * it knows that it is in a transaction; but after `expectBegin` the runner's START TRANSACTION is held back and goes
 * out together with the context and the first statements. From then on all statements that are issued together go out
 * together (see StatementGroup). A transaction without statements sends nothing at all.
 */
export class SessionClient extends WireClientBase {
  private readonly onStatement: SessionClientConfig['onStatement'];
  private readonly opening: Opening;
  private expected: SessionContext | undefined;
  private heldBack: SessionContext | undefined;
  private inTransaction = false;
  private gathered: PendingStatement[] = [];
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
    const wanted = typeof statement === 'string' ? { text: statement, values } : statement;
    const { text } = wanted;
    if (this.expected !== undefined && text === 'START TRANSACTION') {
      this.heldBack = this.expected;
      this.expected = undefined;
      this.inTransaction = true;
      return Promise.resolve(NOTHING_DONE);
    }
    const sent = this.opening.keepsStatements ? wanted : withoutName(wanted);
    const send = this.inTransaction ? () => this.gather(sent) : () => super.query(sent);
    if (text === 'COMMIT' || text === 'ROLLBACK') {
      this.inTransaction = false;
      const isUntouched = this.heldBack !== undefined && this.gathered.length === 0;
      this.heldBack = isUntouched ? undefined : this.heldBack;
      if (isUntouched || this.unusable) return Promise.resolve(NOTHING_DONE);
    }
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

  /** Statements that are issued before anything else happens go to the server together. */
  private gather(statement: Statement): Promise<pg.QueryResult> {
    if (this.gathered.length === 0) process.nextTick(() => this.sendGathered());
    return new Promise((resolve, reject) => this.gathered.push({ statement, resolve, reject }));
  }

  private sendGathered(): void {
    const pending = this.gathered;
    const context = this.heldBack;
    this.gathered = [];
    this.heldBack = undefined;
    const opening = context && { statements: this.opening, context };
    const [only] = pending;
    if (context === undefined && pending.length === 1 && only !== undefined) {
      super.query(only.statement).then(only.resolve, only.reject);
      return;
    }
    void super.query(new StatementGroup(pending, opening, () => (this.unusable = true)));
  }
}

function withoutName({ text, values }: Statement): Statement {
  return { text, values };
}
