import type { Row } from './probe-rows.js';

/** What the checks of a table ask for beyond the types of its columns: by its name, for rows made from the catalogue. */
export const specimens: Readonly<Record<string, (row: Row, tenant: string) => Row>> = {
  artifacts: () => ({ digest: '0'.repeat(64), size_bytes: '1' }),
  customers: () => ({ currency: 'USD' }),
  dashboard_configs: () => ({ widgets: '[]' }),
  deployments: () => ({ source_type: 'git', git_url: 'https://example.com/app.git' }),
  // Ended, since a deployment has one current instance at most.
  instances: () => ({ memory_limit: 'watchdog', state: 'exited' }),
  memberships: () => ({ role: 'viewer' }),
  metrics_sessions: () => ({ client: 'api' }),
  organizations: (row, tenant) => ({ ...row, ...('id' in row && { id: tenant }) }),
  outbox: (row, tenant) => ({
    envelope: JSON.stringify({ id: row['id'], type: row['type'], tenantid: tenant }),
  }),
  subscriptions: () => ({ status: 'active' }),
  tenants: (row, tenant) => ({ ...row, id: tenant, schema_name: `tenant_${tenant.replaceAll('-', '')}` }),
  usage_records: () => ({ meter: 'cpu_seconds' }),
  usage_totals: () => ({ meter: 'cpu_seconds' }),
  users: (row) => ({ ...row, ...('role' in row && { role: 'viewer' }) }),
  waiting_members: () => ({ role: 'viewer' }),
  work_items: () => ({ kind: 'deployment' }),
};
