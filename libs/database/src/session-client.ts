import { inSpan } from '@capsule/telemetry';
import type pg from 'pg';
import type { Opening, SessionContext } from './opening.js';
import { type Statement, WireClientBase } from './pg-internals.js';
import { type PendingStatement, single, StatementGroup } from './statement-group.js';

/** In the company of others it would be parsed each time without a name; by itself it is a message of its own kind. */
const NAMED_COMMIT = { name: 'capsule_commit', text: 'COMMIT' };

export interface SessionClientConfig extends pg.ClientConfig {
  opening: Opening;
  /** Told of every statement that was answered: its text with placeholders, never its parameters. */
  onStatement: (text: string, durationMs: number, failed: boolean) => void;
}

/**
 * The pg client of a service's pool. What `begin` is told is held back and goes out together with the first statements,
 * and from then on all statements of a transaction that are issued together go out together (see StatementGroup).
 * A transaction without statements sends nothing at all.
 */
export class SessionClient extends WireClientBase {
  private readonly onStatement: SessionClientConfig['onStatement'];
  private readonly opening: Opening;
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

  /** Statements were issued that go out when this turn of the event loop ends. */
  get hasGathered(): boolean {
    return this.gathered.length > 0;
  }

  begin(context: SessionContext): void {
    this.heldBack = context;
    this.inTransaction = true;
  }

  /** @throws when a statement of the transaction has failed: PostgreSQL then answers COMMIT by rolling back, and not with an error */
  async commit(): Promise<void> {
    if (this.hasSentNothing()) return;
    if (this.unusable)
      throw new Error('The transaction could not be begun, yet its work went on and committed.');
    const { command } = await this.endTransaction(this.hasGathered ? NAMED_COMMIT : 'COMMIT');
    if (command !== 'COMMIT') {
      throw new Error('A statement of the transaction failed, yet its work went on and committed.');
    }
  }

  async rollback(): Promise<void> {
    if (this.hasSentNothing() || this.unusable) return;
    await this.endTransaction('ROLLBACK');
  }

  /** May the next transaction have this connection? Not while one is open, or when it is unknown whether one is. */
  get isClean(): boolean {
    const status = this.getTransactionStatus();
    return !this.unusable && (status === 'I' || status === null);
  }

  override query(statement: Statement | string, values?: readonly unknown[]): Promise<pg.QueryResult> {
    const wanted = typeof statement === 'string' ? { text: statement, values } : statement;
    const sent = this.opening.keepsStatements ? wanted : withoutName(wanted);
    return inSpan('postgres', { 'db.statement': sent.text }, () => this.send(sent), 'client');
  }

  private send(statement: Statement): Promise<pg.QueryResult> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const answered = (failed: boolean): void =>
        this.onStatement(statement.text, performance.now() - startedAt, failed);
      const pending: PendingStatement = {
        statement,
        resolve: (result) => {
          answered(false);
          resolve(result);
        },
        reject: (error) => {
          answered(true);
          reject(error);
        },
      };
      if (this.inTransaction) this.gather(pending);
      else void super.query(single(pending));
    });
  }

  private endTransaction(statement: 'COMMIT' | 'ROLLBACK' | typeof NAMED_COMMIT): Promise<pg.QueryResult> {
    const answer = this.query(statement);
    this.inTransaction = false;
    return answer;
  }

  private hasSentNothing(): boolean {
    const sentNothing = this.heldBack !== undefined && !this.hasGathered;
    if (sentNothing) {
      this.heldBack = undefined;
      this.inTransaction = false;
    }
    return sentNothing;
  }

  /** Statements that are issued before anything else happens go to the server together. */
  private gather(pending: PendingStatement): void {
    if (this.gathered.length === 0) process.nextTick(() => this.sendGathered());
    this.gathered.push(pending);
  }

  private sendGathered(): void {
    const pending = this.gathered;
    const context = this.heldBack;
    this.gathered = [];
    this.heldBack = undefined;
    const [only] = pending;
    if (context === undefined && pending.length === 1 && only !== undefined) {
      void super.query(single(only));
      return;
    }
    const opening = context && { statements: this.opening, context };
    // Neither side knows any more what is open and what is prepared: the pool must not keep the connection.
    void super.query(new StatementGroup(pending, opening, () => (this.unusable = true)));
  }
}

function withoutName({ text, values }: Statement): Statement {
  return { text, values };
}
