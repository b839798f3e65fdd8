import { isUuid } from '../uuid.js';
import { namedUuid } from '../named-uuid.js';
import { SeededRandom } from './seeded-random.js';
import { busynessAt, dayName, daysBefore } from './work-rhythm.js';

const DRAWS = 20_000;

describe('an id that follows from names', () => {
  it('is a UUID of version 8, the same on every machine', () => {
    const id = namedUuid('app', 'shop');
    expect(id).toBe('a7627b9b-4149-83b7-8e88-219ce31167e4');
    expect(isUuid(id)).toBe(true);
    expect([id[14], '89ab'.includes(id[19] ?? '')]).toEqual(['8', true]);
  });

  it('differs when names are divided otherwise', () => {
    expect(namedUuid('a', 'bc')).not.toBe(namedUuid('ab', 'c'));
    expect(namedUuid('a')).not.toBe(namedUuid('a', ''));
  });
});

describe('numbers that follow from names', () => {
  const draw = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.next());

  it('are the same for the same names, and others for others', () => {
    expect(draw(new SeededRandom('a', 'b'), 50)).toEqual(draw(new SeededRandom('a', 'b'), 50));
    expect(draw(new SeededRandom('a', 'b'), 5)).not.toEqual(draw(new SeededRandom('a', 'c'), 5));
  });

  it('are spread evenly from 0 to below 1', () => {
    const tenths = Array<number>(10).fill(0);
    for (const number of draw(new SeededRandom('spread'), DRAWS)) {
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
      tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - DRAWS / 10)).toBeLessThan(DRAWS / 100);
  });

  it('reach both ends of a range, and every choice', () => {
    const random = new SeededRandom('ends');
    const drawn = new Set(Array.from({ length: 500 }, () => random.integer(-1, 2)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    const picked = new Set(Array.from({ length: 500 }, () => random.pick(['a', 'b', 'c'])));
    expect([...picked].sort()).toEqual(['a', 'b', 'c']);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it('lie around the usual one, half of them below it', () => {
    const random = new SeededRandom('around');
    const below = Array.from({ length: DRAWS }, () => random.around(60)).filter((each) => each < 60).length;
    expect(Math.abs(below - DRAWS / 2)).toBeLessThan(DRAWS / 50);
  });
});

describe('days of work', () => {
  it('are the whole ones before an instant, the earliest first', () => {
    const days = daysBefore(new Date('2026-03-02T00:00:00.000Z'), 3);
    expect(days.map(dayName)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
  });

  it('are busy by day, quiet at night and on a weekend', () => {
    const [friday, night, sunday] = ['2026-11-20T10:00Z', '2026-11-20T03:00Z', '2026-11-22T10:00Z'].map(
      (instant) => busynessAt(new Date(instant)),
    ) as [number, number, number];
    expect(friday).toBe(1);
    expect(night).toBeLessThan(0.1);
    expect(sunday).toBeLessThan(friday / 2);
  });
});
