import { z } from 'zod';

/** What a plan allows. Integers; -1 is never used: every quota is finite. */
export const entitlementsSchema = z.object({
  maxProjects: z.int().nonnegative(),
  maxApps: z.int().nonnegative(),
  maxConcurrentBuilds: z.int().positive(),
  maxInstanceMemoryBytes: z.int().positive(),
  metricsRetentionDays: z.int().positive(),
});

export type Entitlements = z.infer<typeof entitlementsSchema>;
