import { StepTimedOut } from '../../work/interruption.js';

/** What work gets, once it was told to stop, to end what it has started. */
const UNWIND_MS_MAX = 30_000;

/**
 * Runs work for at most the time. It is handed a signal that is aborted then, or with `parent`, and shall reject with
 * its reason once everything it started is gone; work that doesn't is left behind after a while, so nothing goes on
 * for ever.
 * @throws StepTimedOut, the reason of `parent`, what `work` throws
 */
export async function withDeadline<T>(
  parent: AbortSignal,
  what: string,
  timeoutSeconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timers = [setTimeout(() => deadline.abort(new StepTimedOut(what)), timeoutSeconds * 1000)];
  const signal = AbortSignal.any([parent, deadline.signal]);
  let onAbort = (): void => undefined;
  const leftBehind = new Promise<never>((_, reject) => {
    onAbort = () => void timers.push(setTimeout(() => reject(signal.reason as Error), UNWIND_MS_MAX));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work(signal), leftBehind]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
