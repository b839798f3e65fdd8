import { jest } from '@jest/globals';
import { period, periodAt } from './period.js';

const DAY_MS = 86_400_000;

function starts(anchor: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => period(new Date(anchor), number).start.toISOString());
}

describe('periods', () => {
  it('of a subscription that began on a 31st start on the last day of short months and on the 31st of long ones', () => {
    expect(starts('2027-01-31T10:20:30.400Z', 6)).toEqual([
      '2027-01-31T10:20:30.400Z',
      '2027-02-28T10:20:30.400Z',
      '2027-03-31T10:20:30.400Z',
      '2027-04-30T10:20:30.400Z',
      '2027-05-31T10:20:30.400Z',
      '2027-06-30T10:20:30.400Z',
    ]);
  });

  it('know leap years', () => {
    expect(starts('2027-12-31T00:00:00.000Z', 3)[2]).toBe('2028-02-29T00:00:00.000Z');
    expect(period(new Date('2028-02-29T00:00:00.000Z'), 12).start.toISOString()).toBe(
      '2029-02-28T00:00:00.000Z',
    );
    expect(period(new Date('2028-02-29T00:00:00.000Z'), 48).start.toISOString()).toBe(
      '2032-02-29T00:00:00.000Z',
    );
  });

  it('tile: every instant belongs to exactly one, and each ends where the next starts', () => {
    for (let round = 0; round < 3_000; round += 1) {
      const anchor = new Date(Date.UTC(2024, 0, 1) + Math.floor(Math.random() * 1_500 * DAY_MS));
      const instant = new Date(anchor.getTime() + Math.floor(Math.random() * 4_000 * DAY_MS));
      const found = periodAt(anchor, instant);
      expect(found.start <= instant && instant < found.end).toBe(true);
      expect(period(anchor, found.number + 1).start).toEqual(found.end);
      expect(periodAt(anchor, found.start)).toEqual(found);
      expect(periodAt(anchor, found.end).number).toBe(found.number + 1);
      expect(periodAt(anchor, new Date(found.end.getTime() - 1)).number).toBe(found.number);
    }
  });

  it('count what came before the anchor to the first', () => {
    const anchor = new Date('2027-03-31T10:00:00.000Z');
    expect(periodAt(anchor, new Date('2027-03-31T09:59:59.999Z')).number).toBe(0);
    expect(periodAt(anchor, new Date('2020-01-01T00:00:00.000Z')).number).toBe(0);
  });

  it('do not depend on the time zone of the machine: no method of Date that knows it is called', () => {
    const local = Object.getOwnPropertyNames(Date.prototype).filter(
      (name) => /^[gs]et/.test(name) && !/UTC|Time$/.test(name),
    ) as 'getMonth'[];
    expect(local).toContain('getMonth');
    const spies = local.map((name) =>
      jest.spyOn(Date.prototype, name).mockImplementation(() => {
        throw new Error(`${name} reads the local time zone`);
      }),
    );
    try {
      expect(() => new Date().getMonth()).toThrow('local time zone');
      const { number, start } = periodAt(
        new Date('2027-01-31T00:10:00.000Z'),
        new Date('2027-02-28T00:09:59.999Z'),
      );
      expect([number, start.toISOString()]).toEqual([0, '2027-01-31T00:10:00.000Z']);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });
});
