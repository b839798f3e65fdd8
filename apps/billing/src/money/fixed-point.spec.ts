import { formatFixed, parseFixed, shortestDecimal } from './fixed-point.js';

describe('fixed-point decimals', () => {
  it.each([
    ['0', 0n, '0'],
    ['0.000000000', 0n, '0'],
    ['1', 1_000_000_000n, '1'],
    ['0.000000001', 1n, '0.000000001'],
    ['12.500000000', 12_500_000_000n, '12.5'],
    ['100', 100_000_000_000n, '100'],
    ['99999999999999999999.999999999', 99999999999999999999999999999n, '99999999999999999999.999999999'],
  ])('reads and writes %s without loss', (text, value, shortest) => {
    expect(parseFixed(text, 9)).toBe(value);
    expect(formatFixed(value, 9)).toBe(shortest);
    expect(shortestDecimal(text)).toBe(shortest);
  });

  it.each(['', '-1', '1.', '.5', '1e3', ' 1', 'NaN', '0.0000000001'])('refuses %j', (text) => {
    expect(() => parseFixed(text, 9)).toThrow(RangeError);
  });
});
