import type { QueryResult } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { Statement } from './pg-internals.js';
import type { SessionClient } from './session-client.js';
import { joinTransaction } from './typeorm-internals.js';

/** A statement that the server keeps prepared under its name, on each connection once. One name, one text. */
export interface NamedStatement {
  name: string;
  text: string;
}

/** An open transaction: handed to the work of `withTenant` and dead after it. */
export class Transaction {
  /** @internal */
  readonly callbacks: (() => void)[] = [];
  /** @internal Of a COMMIT that went out with the last statements. */
  committing: Promise<void> | undefined;
  private open = true;
  private isKeptOpen = false;
  private runner: QueryRunner | undefined;

  constructor(
    /** The tenant whose rows are visible; null outside of any tenant. */
    readonly tenantId: string | null,
    private readonly client: SessionClient,
    private readonly dataSource: DataSource,
  ) {}

  /** TypeORM inside this transaction: `save` and query builders commit with it, and roll back with it. */
  get manager(): EntityManager {
    this.requireOpen();
    // Made when it is asked for: most transactions are a statement or two, and a runner costs more than those.
    this.runner ??= joinTransaction(this.dataSource, this.client);
    return this.runner.manager;
  }

  /**
   * Runs one statement.
   * @throws pg's DatabaseError; its SQLSTATE is in `code`, the violated constraint in `constraint`
   */
  async query<Row>(statement: string | NamedStatement, parameters: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.send(statement, parameters);
    return rows as Row[];
  }

  /**
   * Runs one statement that writes.
   * @returns the number of rows it wrote
   * @throws as `query` does
   */
  async execute(statement: string | NamedStatement, parameters: readonly unknown[] = []): Promise<number> {
    const { rowCount } = await this.send(statement, parameters);
    return rowCount ?? 0;
  }

  /**
   * Issues the transaction's last statements, and COMMIT in the same round trip. `issue` must issue all of them at once,
   * and the work return what it gets without a look at it: when a statement fails nothing is committed, but an error
   * that the work throws comes too late.
   * @throws Error when nothing was issued at once; what the statements throw
   */
  async commitWith<Result>(issue: () => Promise<Result>): Promise<Result> {
    const answers = issue();
    if (this.isKeptOpen) return answers;
    if (!this.client.hasGathered) {
      answers.catch(() => undefined);
      throw new Error('There is nothing to commit with: issue the statements at once.');
    }
    this.end();
    this.committing = this.client.commit();
    // Told to whoever began the transaction; here it would only be told twice.
    this.committing.catch(() => undefined);
    return answers;
  }

  /** More is to come after this work: `commitWith` then leaves the commit to the end. */
  keepOpen(): void {
    this.isKeptOpen = true;
  }

  /** To be run when, and only if, the transaction has committed. Nobody waits for it; what it throws is logged. */
  afterCommit(callback: () => void): void {
    this.callbacks.push(callback);
  }

  /** @internal */
  end(): void {
    this.open = false;
    // It holds no connection of its own; released, it refuses what nobody awaited.
    void this.runner?.release();
  }

  private send(statement: string | NamedStatement, parameters: readonly unknown[]): Promise<QueryResult> {
    this.requireOpen();
    return this.client.query(withValues(statement, parameters));
  }

  private requireOpen(): void {
    if (!this.open) throw new Error('The transaction has ended: await every statement inside of its work.');
  }
}

/** What work that only reads gets of it. Not TypeORM, which takes its time before it sends a statement. */
export type ReadTransaction = Pick<Transaction, 'tenantId' | 'query'>;

function withValues(statement: string | NamedStatement, values: readonly unknown[]): Statement {
  return typeof statement === 'string'
    ? { text: statement, values }
    : { name: statement.name, text: statement.text, values };
}
