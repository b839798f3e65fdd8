/** Exact decimals as BigInt: `value` is the number times ten to the `scale`. No money or usage is ever a `number`. */

/**
 * Reads a non-negative decimal as Postgres writes a `numeric`.
 * @throws RangeError when it is no such decimal or has more decimals than the scale
 */
export function parseFixed(text: string, scale: number): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[2]?.replace(/0+$/, '') ?? '';
  if (!match || fraction.length > scale) throw new RangeError(`not a decimal of ${scale} places: ${text}`);
  return BigInt(match[1] + fraction.padEnd(scale, '0'));
}

/** The shortest way to write it: no trailing zeros, no point without decimals. */
export function formatFixed(value: bigint, scale: number): string {
  const digits = value.toString().padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - scale);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The same decimal without trailing zeros: Postgres writes all the places of a column. */
export function shortestDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
