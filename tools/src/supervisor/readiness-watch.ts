import { setTimeout as sleep } from 'node:timers/promises';

/** Seldom, because answering costs a process at rest something. */
const defaultPauseMs = 15_000;
/** A busy machine makes one or two come late. */
const missesUntilLost = 3;

interface ReadinessWatch {
  probe(): Promise<void>;
  pauseMs: number | undefined;
  /** Ends the watch. */
  signal: AbortSignal;
  /** It failed so often in a row; `since` is when it did first, by the clock of `performance`. */
  onLost(since: number, reason: string): void;
  /** It answers again. */
  onFound(): void;
}

/** Notices a process that hangs, which neither ends nor says so: asks it again and again, as when it started. */
export async function watchReadiness(watch: ReadinessWatch): Promise<void> {
  const { probe, pauseMs = defaultPauseMs, signal, onLost, onFound } = watch;
  let misses = 0;
  let since = 0;
  for (;;) {
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const failure = await probe().then(
      () => undefined,
      (error: Error) => error,
    );
    if (signal.aborted) return;
    if (!failure) {
      if (misses >= missesUntilLost) onFound();
      misses = 0;
      continue;
    }
    if (misses === 0) since = performance.now();
    misses += 1;
    if (misses === missesUntilLost) onLost(since, failure.message);
  }
}
