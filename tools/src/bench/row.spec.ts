import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { atLeast, atLeastRatio, atMost, median, percentile, printTable, told, writeRows } from './row.js';

describe('a row of the bench', () => {
  it.each([
    ['as much as it may be', atMost('rest', 2, '%', 2), true],
    ['more than it may be', atMost('rest', 2.01, '%', 2), false],
    ['as much as it has to be', atLeast('rate', 10, 'req/s', 10), true],
    ['less than it has to be', atLeast('rate', 9.99, 'req/s', 10), false],
    ['as much of the baseline as it has to be', atLeastRatio('rate', 60, 100, 'req/s', 0.6), true],
    ['less of the baseline than it has to be', atLeastRatio('rate', 59, 100, 'req/s', 0.6), false],
    ['no number at all', atMost('rest', Number.NaN, '%', 2), false],
    ['without a target', told('rest', 1_000, '%'), true],
  ])('that is %s is judged so', (_, row, ok) => {
    expect(row.ok).toBe(ok);
  });

  it('is written as JSON with all that the table tells', () => {
    const folder = mkdtempSync(join(tmpdir(), 'capsule-bench-'));
    try {
      const file = join(folder, 'rows.json');
      writeRows(file, [atLeastRatio('reads', 30, 60, 'reads/s', 0.4), told('memory', 111, 'MB')]);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([
        {
          name: 'reads',
          value: 30,
          unit: 'reads/s',
          baseline: 60,
          ratio: 0.5,
          target: '≥ 0.4 of the baseline',
          ok: true,
        },
        { name: 'memory', value: 111, unit: 'MB', baseline: null, ratio: null, target: 'none', ok: true },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is a line of the table, which says when a target was missed', () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => {});
    try {
      printTable([atMost('memory', 1_234.5, 'MB', 700), atLeastRatio('reads', 30, 60, 'reads/s', 0.4)]);
      const lines = log.mock.calls.map(([line]) => String(line).split(/ {2,}/));
      expect(lines).toEqual([
        ['what', 'measured', 'baseline', 'ratio', 'target'],
        ['memory', '1,235 MB', '≤ 700 MB', 'MISSED'],
        ['reads', '30.0 reads/s', '60.0 reads/s', '0.50', '≥ 0.4 of the baseline', 'ok'],
      ]);
    } finally {
      log.mockRestore();
    }
  });
});

describe('of many values', () => {
  it('the median is the middle one, or the mean of the middle two, in whichever order they come', () => {
    expect(median([10, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 4])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('a percentile is the value of the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.99, 1].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
