/** What every transaction knows of the request it serves; '' where there is nothing to know. */
export interface SessionContext {
  tenantId: string;
  actorId: string;
  requestId: string;
  /** The server refuses every statement that writes. */
  readOnly: boolean;
}

interface OpeningStatement {
  /** '' for one that is not kept. */
  name: string;
  text: string;
}

/** The two statements every transaction begins with. */
export interface Opening {
  /** Whether a statement that was prepared under a name is still there in the next transaction. */
  keepsStatements: boolean;
  begin: OpeningStatement;
  beginReadOnly: OpeningStatement;
  context: OpeningStatement;
}

const BEGIN = 'START TRANSACTION';
const BEGIN_READ_ONLY = 'START TRANSACTION READ ONLY';
const CONTEXT =
  "SELECT set_config('app.tenant_id', $1, true), set_config('app.actor_id', $2, true), " +
  "set_config('app.request_id', $3, true)";

/** Prepared once on a connection that is one session of the server's. */
export const preparedOpening: Opening = {
  keepsStatements: true,
  begin: { name: 'capsule_begin', text: BEGIN },
  beginReadOnly: { name: 'capsule_begin_read_only', text: BEGIN_READ_ONLY },
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
    beginReadOnly: { name: '', text: BEGIN_READ_ONLY },
    context: { name: '', text: CONTEXT + each.join('') },
  };
}
