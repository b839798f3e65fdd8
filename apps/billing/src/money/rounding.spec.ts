import { roundToTotal, sum } from './rounding.js';

const SCALE = 3;
const ONE = 1_000n;

describe('roundToTotal', () => {
  it.each([
    ['nothing', [], []],
    ['whole amounts as they are', [2_000n, 0n], [2n, 0n]],
    ['three thirds to a whole', [333n, 333n, 334n], [0n, 0n, 1n]],
    ['the largest remainder first', [1_400n, 1_300n, 1_400n], [2n, 1n, 1n]],
    ['a half up', [500n], [1n]],
    ['less than a half down', [499n], [0n]],
    ['many little ones that make something together', [300n, 300n, 300n], [1n, 0n, 0n]],
  ])('rounds %s', (_, exact, expected) => {
    expect(roundToTotal(exact, SCALE)).toEqual(expected);
  });

  it('keeps lines within one unit of the exact amount and their sum within a half, for any amounts', () => {
    for (let round = 0; round < 5_000; round += 1) {
      const exact = Array.from({ length: Math.floor(Math.random() * 12) }, randomAmount);
      const lines = roundToTotal(exact, SCALE);
      exact.forEach((amount, index) => {
        const difference = (lines[index] ?? 0n) * ONE - amount;
        expect(difference > -ONE && difference < ONE).toBe(true);
      });
      const off = sum(lines) * ONE - sum(exact);
      expect(off > -ONE / 2n && off <= ONE / 2n).toBe(true);
    }
  });
});

function randomAmount(): bigint {
  return BigInt(Math.floor(Math.random() * (Math.random() < 0.5 ? 2_000 : 1e12)));
}
