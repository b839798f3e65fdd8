/** Tables that hold no rows of tenants, or hide them otherwise: each was looked at, and says why it needs no policy. */
const tablesWithoutTenants: Readonly<Record<string, string>> = {
  service_configuration: 'one row for the service',
  outbox_streams: 'what the relay knows of a stream',
  plans: 'the catalogue is the same for every tenant',
  plan_prices: 'the catalogue is the same for every tenant',
  plan_usage_prices: 'the catalogue is the same for every tenant',
  edge_state: 'one row: the routes that the edge was last given',
};

/** What the migration runner writes in every schema that it migrates, a tenant's too. */
const tablesOfMigrations = ['flyway_schema_history', 'migration_digests'];

/**
 * Tables that hold what belongs to tenants and have no policy, because the app role can't reach them at all: it goes
 * through a view and functions that ask a table with a policy.
 */
const tablesOutOfReach: Readonly<Record<string, string>> = {
  samples: 'TimescaleDB cannot compress a hypertable with policies; series has one',
};

export function isWithoutTenants({ schema, name }: { schema: string; name: string }): boolean {
  return (
    tablesOfMigrations.includes(name) || (schema === 'public' && Object.hasOwn(tablesWithoutTenants, name))
  );
}

export function isOutOfReach({ schema, name }: { schema: string; name: string }): boolean {
  return schema === 'public' && Object.hasOwn(tablesOutOfReach, name);
}
