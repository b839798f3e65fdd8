import type { MigrationInfo } from '@capsule/database';

const HEAD = ['version', 'description', 'state', 'installed on', 'by', 'took'];

export function printTable(title: string, migrations: readonly MigrationInfo[]): void {
  const rows = migrations.map((each) => [
    each.version ?? '',
    each.description,
    each.changed ? `${each.state} (changed since)` : each.state,
    each.installedOn?.replace(/\.\d+Z$/, 'Z') ?? '',
    each.installedBy ?? '',
    each.executionTimeMs === null ? '' : `${each.executionTimeMs} ms`,
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  console.log([title, line(HEAD), ...rows.map(line), ''].join('\n'));
}
