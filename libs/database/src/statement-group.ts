import type pg from 'pg';
import type { Opening, SessionContext } from './opening.js';
import {
  type SingleQuery,
  SingleQueryBase,
  type Statement,
  type WireConnection,
  type WireQuery,
} from './pg-internals.js';

/** A statement and who waits for its answer. */
export interface PendingStatement {
  statement: Statement;
  resolve: (result: pg.QueryResult) => void;
  reject: (error: unknown) => void;
}

interface Part {
  name: string | undefined;
  text: string;
  /** What reads the answer; undefined for those that only open the transaction. */
  query: WireQuery | undefined;
  submit(connection: WireConnection): Error | null;
}

/**
 * Statements of one transaction that go to the server in one write and are answered in one round trip, if need be
 * behind START TRANSACTION and the context.
 *
 * They go as extended-protocol messages before ONE Sync. PostgreSQL discards everything up to the Sync after an
 * error, so no statement runs behind a failed one: in particular none unless the transaction has begun and the context
 * is set, and no COMMIT behind a statement that failed. (Queries in pg's pipeline mode each end in a Sync of their own
 * and don't have that property; neither has a simple query followed by another message.)
 *
 * A failed statement fails itself and all that follow in the group with its error.
 */
export class StatementGroup implements WireQuery {
  private readonly parts: Part[];
  private readonly openers: number;
  private completed = 0;

  /**
   * @param opening of the transaction that the group opens; undefined when it is open
   * @param onUnopened told when it could not be opened, before the statements are: neither side knows any more what is
   *   open and what is prepared
   */
  constructor(
    pending: readonly PendingStatement[],
    opening: { statements: Opening; context: SessionContext } | undefined,
    private readonly onUnopened: () => void,
  ) {
    const openers = opening === undefined ? [] : openersOf(opening.statements, opening.context);
    this.openers = openers.length;
    this.parts = [...openers, ...pending.map(partOf)];
  }

  /** pg files a statement as prepared under the name of the active query: that of the part being answered. */
  get name(): string | undefined {
    return this.parts[this.completed]?.name;
  }

  get text(): string {
    return this.parts[this.completed]?.text ?? '';
  }

  submit(connection: WireConnection): Error | null {
    const gathering = Gathering.begin(connection);
    for (const part of this.parts) {
      const refused = part.submit(gathering.unsynced);
      if (refused !== null) return refused;
    }
    gathering.synced.sync();
    connection.stream.write(Buffer.concat(gathering.chunks));
    return null;
  }

  handleRowDescription(message: unknown): void {
    this.parts[this.completed]?.query?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.parts[this.completed]?.query?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, connection: WireConnection): void {
    this.parts[this.completed]?.query?.handleCommandComplete(message, connection);
    this.completed += 1;
  }

  handleEmptyQuery(): void {
    this.completed += 1;
  }

  handleReadyForQuery(connection: WireConnection): void {
    for (const { query } of this.parts) query?.handleReadyForQuery(connection);
  }

  /** Of a statement, of the connection, or of a part that can't be sent; then nothing was. */
  handleError(error: Error, connection: WireConnection): void {
    if (this.completed < this.openers) this.onUnopened();
    this.parts.forEach(({ name, query }, index) => {
      if (index < this.completed) return query?.handleReadyForQuery(connection);
      if (name !== undefined) delete connection.submittedNamedStatements[name];
      query?.handleError(error, connection);
    });
  }
}

function openersOf(statements: Opening, { tenantId, actorId, requestId, readOnly }: SessionContext): Part[] {
  const begin = readOnly ? statements.beginReadOnly : statements.begin;
  return [opener(begin, []), opener(statements.context, [tenantId, actorId, requestId])];
}

/** Its answer is of no interest, so it is not described and its row not read. */
function opener(statement: Opening['begin'], values: readonly string[]): Part {
  return {
    ...statement,
    query: undefined,
    submit: (connection) => {
      if (connection.parsedStatements[statement.name] === undefined) connection.parse(statement);
      connection.bind({
        portal: '',
        statement: statement.name,
        values,
        binary: false,
        valueMapper: asItIs,
      });
      connection.execute({ portal: '', rows: 0 });
      return null;
    },
  };
}

const asItIs = (value: unknown): unknown => value;

function partOf(pending: PendingStatement): Part {
  const query = single(pending);
  query.queryMode = 'extended';
  let unsendable: Error | undefined;
  const { callback } = query;
  query.callback = (error, result) => {
    unsendable = error ?? undefined;
    callback(error, result);
  };
  return {
    name: pending.statement.name,
    text: pending.statement.text,
    query,
    // A parameter that can't be written is told to the callback, while the messages before it are written already.
    submit: (connection) => query.submit(connection) ?? unsendable ?? null,
  };
}

/** A statement that goes by itself. */
export function single({ statement, resolve, reject }: PendingStatement): SingleQuery {
  // Not the statement itself: pg would make a copy of it, property descriptor by property descriptor.
  const query = new SingleQueryBase(statement.text, statement.values);
  query.name = statement.name;
  query.callback = (error, result) => (error === null ? resolve(result as pg.QueryResult) : reject(error));
  return query;
}

const gatherings = new WeakMap<WireConnection, Gathering>();

/**
 * A connection, but for what it would write: system calls are what a short transaction mostly costs. Made once for each,
 * because V8 forgets what it learned about an object whenever it becomes the prototype of another.
 */
class Gathering {
  readonly synced: WireConnection;
  /** What writes a Sync at its end writes none here. */
  readonly unsynced: WireConnection;
  chunks: Uint8Array[] = [];

  private constructor(connection: WireConnection) {
    const stream = { writable: true, write: (chunk: Uint8Array) => this.chunks.push(chunk) > 0 };
    this.synced = Object.create(connection, { stream: { value: stream } }) as WireConnection;
    this.unsynced = Object.create(this.synced, { sync: { value: () => undefined } }) as WireConnection;
  }

  static begin(connection: WireConnection): Gathering {
    const gathering = gatherings.get(connection) ?? new Gathering(connection);
    gatherings.set(connection, gathering);
    gathering.chunks = [];
    return gathering;
  }
}
