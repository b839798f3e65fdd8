import type { MigrationInfo } from '@capsule/database/migrations';

const HEAD = ['version', 'description', 'type', 'state', 'installed on', 'by', 'took'];

export function renderInfo(title: string, migrations: readonly MigrationInfo[]): string {
  const rows = migrations.map((each) => [
    each.version ?? '',
    each.description,
    each.type,
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
  return [title, line(HEAD), ...rows.map(line), ''].join('\n');
}
