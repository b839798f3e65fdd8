import { MigrationSession, type OwnerConnection } from '@capsule/database/migrations';

/**
 * Does `work` for each id on at most `parallel` sessions, each taking the next id when it is done with one.
 * @param first a session that is open already, and stays so: most of the time one tenant alone is to be looked at
 * @throws the first error of `work`, once the others have finished what they had begun
 */
export async function forEachTenant(
  owner: OwnerConnection,
  ids: readonly string[],
  parallel: number,
  work: (session: MigrationSession, id: string) => Promise<void>,
  first?: MigrationSession,
): Promise<void> {
  const queue = ids.values();
  let isOver = false;
  const drain = async (session: MigrationSession): Promise<void> => {
    try {
      for (const id of queue) {
        if (isOver) return;
        await work(session, id);
      }
    } catch (error) {
      isOver = true;
      throw error;
    }
  };
  const drainOnce = async (): Promise<void> => {
    const session = await MigrationSession.open(owner);
    await drain(session).finally(() => session.close().catch(() => undefined));
  };
  const workers = Array.from({ length: Math.min(parallel, ids.length) }, (_, index) =>
    index === 0 && first ? drain(first) : drainOnce(),
  );
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}
