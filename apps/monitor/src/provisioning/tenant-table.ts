import type { MigrationInfo } from '@capsule/database/migrations';
import type { TenantResult } from './each-migrator.js';

const HEAD = ['tenant', 'schema', 'state', 'version', 'not applied', 'attempts', 'failure'];

/** How many migrations of a schema wait for something: to be run, or to be mended. */
export function notApplied(migrations: readonly MigrationInfo[]): number {
  return migrations.filter(({ state }) => state === 'Pending' || state.startsWith('Failed')).length;
}

/** A line for each tenant. */
export function tenantTable(results: readonly TenantResult<MigrationInfo[]>[]): string {
  const rows = results.map(({ tenant, ...rest }) => [
    tenant.id,
    tenant.schemaName,
    tenant.state,
    tenant.schemaVersion ?? '',
    'result' in rest ? String(notApplied(rest.result)) : 'unknown',
    String(tenant.failedAttempts),
    ('error' in rest ? rest.error : (tenant.failure ?? '')).replace(/\s+/g, ' '),
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [HEAD, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
