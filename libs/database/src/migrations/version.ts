/** A migration's version as Flyway reads it: numbers between dots or underscores, trailing zeros meaning nothing. */
export type Version = readonly bigint[];

export function parseVersion(text: string): Version {
  const parts = text.split(/[._]/).map(BigInt);
  while (parts.length > 1 && parts.at(-1) === 0n) parts.pop();
  return parts;
}

/** Negative when `a` comes first, 0 when they are the same version (1 = 1.0.0). */
export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0n) - (b[i] ?? 0n);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return 0;
}
