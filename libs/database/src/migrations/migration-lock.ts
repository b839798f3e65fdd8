// Runners exclude each other by an advisory lock of the session, which ends with it. It is polled, never waited for:
// a backend that waits for a lock holds a snapshot, and CREATE INDEX CONCURRENTLY waits for all of those, so one runner
// would wait for the index of another that waits for it. A killed runner's backend goes on until its statement ends or
// it notices that nobody listens; only then the lock is free, so a second run never meets a first one's leftovers.
import type { MigrationSession } from './migration-session.js';
import { MigrationError } from './migration-error.js';

const POLL_MS = 100;
/** "Flyway" in ASCII. */
const FLYWAY_KEY = 0x46_6c_79_77_61_79n;

/**
 * Runs `work` while no other runner, and no Flyway, works on the schema.
 * @throws MigrationError when somebody else works on it for longer than `waitMs`
 */
export async function withSchemaLock<T>(
  session: MigrationSession,
  schema: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const key = lockKey(schema);
  const deadline = Date.now() + waitMs;
  while (!(await tryLock(session, key))) {
    if (Date.now() > deadline) {
      const what = schema === 'public' ? session.database : `${schema} of ${session.database}`;
      throw new MigrationError(`Another runner migrates ${what} and does not finish.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS * (0.5 + Math.random())));
  }
  const unlock = () => session.client.query('SELECT pg_advisory_unlock($1)', [key]);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // What went wrong is the error to tell, and a broken session has lost the lock already. One that has a failed
    // transaction open takes no statement but this, and would keep the lock.
    await session.client
      .query('ROLLBACK')
      .then(unlock)
      .catch(() => undefined);
    throw error;
  }
  await unlock();
  return result;
}

async function tryLock(session: MigrationSession, key: string): Promise<boolean> {
  const { rows } = await session.client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock($1) AS locked',
    [key],
  );
  return rows[0]?.locked === true;
}

/** The key that Flyway takes for the history table of this schema, so that neither runs beside the other. */
export function lockKey(schema: string): string {
  return String(FLYWAY_KEY + BigInt(javaHashCode(`"${schema}"."flyway_schema_history"`)));
}

/** String.hashCode() of Java. */
function javaHashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}
