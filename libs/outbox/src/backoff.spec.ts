import { backoffMs } from './backoff.js';

describe('a backoff', () => {
  const many = (attempt: number) => Array.from({ length: 1_000 }, () => backoffMs(attempt, 200, 10_000));

  it.each([
    [1, 200],
    [2, 400],
    [3, 800],
    [6, 6_400],
    [7, 10_000],
    [1_000_000, 10_000],
  ])('doubles up to the longest, with its last tenth at random: attempt %d within %d ms', (attempt, full) => {
    const waits = many(attempt);
    expect(Math.max(...waits)).toBeLessThanOrEqual(full);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(full * 0.9);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });
});
