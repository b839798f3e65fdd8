import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a check until it passes; fails with its last failure when the time is over, which is enough for a loaded machine. */
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
