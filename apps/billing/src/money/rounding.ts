/**
 * Rounds exact amounts so that the rounded ones sum to the rounded total (largest remainder): rounding each line on
 * its own could leave lines that miss the total by some cents.
 *
 * @param exact non-negative amounts times ten to the `scale`
 * @returns whole amounts; each differs from its exact one by less than 1, their sum from the exact sum by at most 1/2
 */
export function roundToTotal(exact: readonly bigint[], scale: number): bigint[] {
  const one = 10n ** BigInt(scale);
  const floors = exact.map((amount) => amount / one);
  const total = roundHalfUp(sum(exact), one);
  const missing = Number(total - sum(floors));
  const raised = exact
    .map((amount, index) => ({ index, remainder: amount % one }))
    // The sort is stable: of equal remainders the earlier line is raised.
    .sort((a, b) => (a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1))
    .slice(0, missing);
  for (const { index } of raised) floors[index] = (floors[index] ?? 0n) + 1n;
  return floors;
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function roundHalfUp(amount: bigint, one: bigint): bigint {
  return (2n * amount + one) / (2n * one);
}
