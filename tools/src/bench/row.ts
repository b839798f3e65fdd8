import { writeFileSync } from 'node:fs';

/** One figure. `ratio` compares with `baseline`, which was measured in the same run. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  ratio: number | null;
  target: string;
  ok: boolean;
}

export function atMost(name: string, value: number, unit: string, limit: number): Row {
  return { name, value, unit, baseline: null, ratio: null, target: `≤ ${limit} ${unit}`, ok: value <= limit };
}

export function atLeast(name: string, value: number, unit: string, least: number): Row {
  return { name, value, unit, baseline: null, ratio: null, target: `≥ ${least} ${unit}`, ok: value >= least };
}

/** A figure without a target. */
export function told(name: string, value: number, unit: string): Row {
  return { name, value, unit, baseline: null, ratio: null, target: 'none', ok: true };
}

export function atLeastRatio(
  name: string,
  value: number,
  baseline: number,
  unit: string,
  least: number,
): Row {
  const ratio = value / baseline;
  return { name, value, unit, baseline, ratio, target: `≥ ${least} of the baseline`, ok: ratio >= least };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The value that the share `p` (0 to 1) of all values does not exceed: nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.name,
    `${round(row.value)} ${row.unit}`,
    row.baseline === null ? '' : `${round(row.baseline)} ${row.unit}`,
    row.ratio === null ? '' : row.ratio.toFixed(2),
    row.target,
    row.ok ? 'ok' : 'MISSED',
  ]);
  const table = [['what', 'measured', 'baseline', 'ratio', 'target', ''], ...cells];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of table) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

export function writeRows(file: string, rows: readonly Row[]): void {
  writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
