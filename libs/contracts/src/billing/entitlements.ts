import { z } from 'zod';

/** -1 is never used: every quota is finite. */
export const entitlementsSchema = z
  .object({
    maxProjects: z.int().nonnegative().describe('Number of projects the organization may have.'),
    maxApps: z.int().nonnegative().describe('Number of apps the organization may have, over all projects.'),
    maxConcurrentBuilds: z
      .int()
      .positive()
      .describe('Number of builds that run at the same time; further ones wait.'),
    maxInstanceMemoryBytes: z
      .int()
      .positive()
      .describe('The most that `memoryLimitBytes` of an app may be, in bytes.'),
    metricsRetentionDays: z.int().positive().describe('Days that metrics of apps are kept.'),
  })
  .describe('What a plan allows.');

export type Entitlements = z.infer<typeof entitlementsSchema>;
