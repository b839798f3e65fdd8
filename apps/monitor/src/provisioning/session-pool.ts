import { MigrationSession, type OwnerConnection } from '@capsule/database/migrations';

interface TenantWork {
  work: (session: MigrationSession, id: string) => Promise<void>;
  /** Told when `work` throws, on a session that is new: the one before may be lost, or be anywhere. */
  onError: (session: MigrationSession, id: string, error: unknown) => Promise<void>;
  /** A session that is open already, and stays so: most of the time one tenant alone is to be looked at. */
  first?: MigrationSession;
}

/**
 * Does `work` for each id on at most `parallel` sessions, each taking the next id when it is done with one. An id that
 * fails, or ends its session, stops no other.
 * @throws when no session can be opened, or `onError` throws: once the others have finished what they had begun
 */
export async function forEachTenant(
  owner: OwnerConnection,
  ids: readonly string[],
  parallel: number,
  { work, onError, first }: TenantWork,
): Promise<void> {
  const queue = ids.values();
  let isOver = false;
  const drain = async (lent?: MigrationSession): Promise<void> => {
    let session = lent ?? (await MigrationSession.open(owner));
    const close = () => (session === lent ? undefined : session.close().catch(() => undefined));
    const renew = async () => {
      await close();
      session = await MigrationSession.open(owner);
    };
    try {
      for (const id of queue) {
        if (isOver) return;
        if (session.isBroken) await renew();
        try {
          await work(session, id);
        } catch (error) {
          await renew();
          await onError(session, id, error);
        }
      }
    } catch (error) {
      isOver = true;
      throw error;
    } finally {
      await close();
    }
  };
  const workers = Array.from({ length: Math.min(parallel, ids.length) }, (_, index) =>
    drain(index === 0 ? first : undefined),
  );
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
