import { createHash } from 'node:crypto';

/**
 * Numbers that look drawn and follow from names: whoever names an entity and a day draws the same for them,
 * whenever that is and whatever was drawn for others. Nothing that must not be guessed may come from here.
 */
export class SeededRandom {
  private state: number;

  constructor(...names: readonly string[]) {
    this.state = createHash('sha256').update(JSON.stringify(names)).digest().readUInt32LE(0);
  }

  /** From 0 up to, and never, 1. The generator is mulberry32: 32 bits of state, more than a day of demo data needs. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(choices: readonly T[]): T {
    const [choice] = choices.slice(this.integer(0, choices.length - 1));
    if (choice === undefined) throw new RangeError('there is nothing to choose from');
    return choice;
  }

  /** Mostly near the usual, now and then several times as much, as durations are: log-normal. */
  around(usual: number, spread = 0.5): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return usual * Math.exp(spread * normal);
  }
}
