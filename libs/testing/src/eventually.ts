import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a check until it passes, or fails with its last failure when a time is over that is long for a loaded machine. */
export async function eventually<T>(check: () => T | Promise<T>, limitMs = 15_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}
