/**
 * Waits for work that issues its statements at once, so that they go to the database in one round trip. When one fails
 * those behind it fail with it: what is thrown is the failure of the first in order, which is the one that tells why.
 */
export async function together<Results extends readonly unknown[]>(work: {
  [Index in keyof Results]: Promise<Results[Index]>;
}): Promise<Results> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as Results;
}
