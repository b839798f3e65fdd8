/** Tables that hold no rows of tenants, or hide them otherwise: each was looked at, and says why it needs no policy. */
export const tablesWithoutTenants: Readonly<Record<string, string>> = {
  flyway_schema_history: 'which migrations the database has',
  service_configuration: 'one row for the service',
  outbox_streams: 'what the relay knows of a stream',
  plans: 'the catalogue is the same for every tenant',
  plan_prices: 'the catalogue is the same for every tenant',
  plan_usage_prices: 'the catalogue is the same for every tenant',
  edge_state: 'one row: the routes that the edge was last given',
};

/**
 * Tables that hold what belongs to tenants and have no policy, because the app role can't reach them at all: it goes
 * through a view and functions that ask a table with a policy.
 */
export const tablesOutOfReach: Readonly<Record<string, string>> = {
  samples: 'TimescaleDB can not compress a hypertable with policies; series has one',
};
