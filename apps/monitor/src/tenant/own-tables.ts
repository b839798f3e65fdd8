/** The tables of one tenant, as SQL names them: with the schema, and quoted. */
export interface OwnTables {
  users: string;
  metricsSessions: string;
  toolMetrics: string;
  dashboardConfigs: string;
}

/** What the registry's own check allows; nothing that could end an identifier. */
const SCHEMA_NAME = /^tenant_[a-z0-9_]{1,56}$/;

/**
 * @param schemaName as the registry has it, never derived
 * @throws Error when it is no name of a tenant's schema, so that it never becomes part of a statement
 */
export function ownTablesOf(schemaName: string): OwnTables {
  const table = (name: string) => `${quotedSchema(schemaName)}."${name}"`;
  return {
    users: table('users'),
    metricsSessions: table('metrics_sessions'),
    toolMetrics: table('tool_metrics'),
    dashboardConfigs: table('dashboard_configs'),
  };
}

/** @throws Error when it is no name of a tenant's schema */
export function quotedSchema(schemaName: string): string {
  if (!SCHEMA_NAME.test(schemaName)) throw new Error('That is no name of a tenant’s schema.');
  return `"${schemaName}"`;
}
