/** Doubles from `firstMs` up to `longestMs`; the last tenth is random so that many don't come back at once. */
export function backoffMs(attempt: number, firstMs: number, longestMs: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (0.9 + Math.random() * 0.1));
}
