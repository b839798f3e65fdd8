import { type Statement, type WireConnection, WireQueryBase } from './pg-internals.js';

/** What every transaction knows of the request it serves; '' where there is nothing to know. */
export interface SessionContext {
  tenantId: string;
  actorId: string;
  requestId: string;
}

/** The two statements every transaction begins with. */
export interface Opening {
  /** Whether a statement that was prepared under a name is still there in the next transaction. */
  keepsStatements: boolean;
  begin: { name: string; text: string };
  context: { name: string; text: string };
}

const BEGIN = 'START TRANSACTION';
const CONTEXT =
  "SELECT set_config('app.tenant_id', $1, true), set_config('app.actor_id', $2, true), " +
  "set_config('app.request_id', $3, true)";

/** Prepared once on a connection that is one session of the server's. */
export const preparedOpening: Opening = {
  keepsStatements: true,
  begin: { name: 'capsule_begin', text: BEGIN },
  context: { name: 'capsule_context', text: CONTEXT },
};

/**
 * For a connection whose transactions run on any session that a pooler has free: nothing is prepared there, and what
 * else would be a setting of the session is set for the transaction.
 */
export function unpreparedOpening(settings: Readonly<Record<string, number>>): Opening {
  const each = Object.entries(settings).map(([name, value]) => `, set_config('${name}', '${value}', true)`);
  return {
    keepsStatements: false,
    begin: { name: '', text: BEGIN },
    context: { name: '', text: CONTEXT + each.join('') },
  };
}

/** Connections on whose server side the opening is prepared. */
const prepared = new WeakSet<WireConnection>();

/**
 * A transaction's first statement, sent together with START TRANSACTION and the context in one round trip.
 *
 * The three go as extended-protocol messages before ONE Sync. PostgreSQL discards everything up to the Sync after an
 * error, so the statement can't run unless the transaction has begun and the context is set: it can neither commit
 * on its own nor see another context. (Three queries in pg's pipeline mode each end in a Sync of their own and don't
 * have that property; neither has a simple query followed by another message.)
 */
export class OpeningQuery extends WireQueryBase {
  private completed = 0;
  private readonly statementName: string | undefined;

  constructor(
    statement: Statement,
    private readonly opening: Opening,
    private readonly context: SessionContext,
  ) {
    super(statement.text, statement.values);
    this.name = statement.name;
    this.statementName = statement.name;
    this.queryMode = 'extended';
  }

  /** False when the server refused or never answered START TRANSACTION or the context. */
  get opened(): boolean {
    return this.completed >= 2;
  }

  override submit(connection: WireConnection): Error | null {
    const { tenantId, actorId, requestId } = this.context;
    const isPrepared = prepared.has(connection);
    const refused = inOneWrite(connection, () => {
      send(connection, isPrepared, this.opening.begin, []);
      send(connection, isPrepared, this.opening.context, [tenantId, actorId, requestId]);
      return super.submit(connection);
    });
    // pg files the statement as prepared under this.name on each ParseComplete: not on those of the two before it.
    if (refused === null) this.name = undefined;
    return refused;
  }

  override handleDataRow(message: unknown): void {
    if (this.opened) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.opened) return super.handleCommandComplete(message, connection);
    this.completed += 1;
    if (this.opened) {
      if (this.opening.keepsStatements) prepared.add(connection);
      this.name = this.statementName;
    }
  }

  override handleError(error: Error, connection: WireConnection): void {
    if (!this.opened && this.statementName !== undefined) {
      delete connection.submittedNamedStatements[this.statementName];
    }
    super.handleError(error, connection);
  }
}

/** Gathers what `submit` writes, and writes nothing when it refuses: system calls are what a short transaction mostly costs. */
function inOneWrite(connection: WireConnection, submit: () => Error | null): Error | null {
  const { stream } = connection;
  const chunks: Uint8Array[] = [];
  connection.stream = { writable: true, write: (chunk) => chunks.push(chunk) > 0 };
  let refused: Error | null;
  try {
    refused = submit();
  } finally {
    connection.stream = stream;
  }
  if (refused === null) stream.write(Buffer.concat(chunks));
  return refused;
}

function send(
  connection: WireConnection,
  isPrepared: boolean,
  statement: Opening['begin'],
  values: readonly string[],
): void {
  if (!isPrepared) connection.parse(statement);
  connection.bind({
    portal: '',
    statement: statement.name,
    values,
    binary: false,
    valueMapper: (value) => value,
  });
  connection.execute({ portal: '', rows: 0 });
}
