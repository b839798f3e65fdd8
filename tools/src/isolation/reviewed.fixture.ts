/**
 * Routes that can't be made to succeed by what the document says, by operation id. Foreign ids in them are probed all
 * the same.
 */
export const withoutControl: Readonly<Record<string, string>> = {
  signInSession: 'takes the password of somebody, and no id',
  refreshSession: 'takes a token that works once, and no id',
};

/** Columns that the service's own upkeep writes while nobody asks for anything, by table. */
export const writtenByUpkeep: Readonly<Record<string, { columns: readonly string[]; reason: string }>> = {
  'deploy public.deployments': {
    columns: ['archive_deleted_at', 'log_deleted_at', 'updated_at', 'updated_by'],
    reason: 'the reaper deletes once a minute what ended deployments left in storage',
  },
  'deploy public.instances': {
    columns: ['observed_at', 'updated_at', 'updated_by'],
    reason: 'what runs is looked at every few seconds',
  },
  'monitor public.apps': {
    columns: ['last_sample_at', 'updated_at', 'updated_by'],
    reason: 'what runs is measured every few seconds',
  },
  'monitor public.series': {
    columns: ['last_sample_at'],
    reason: 'what runs is measured every few seconds',
  },
};
