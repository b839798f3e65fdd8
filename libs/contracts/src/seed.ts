import { z } from 'zod';
import { planSchema } from './billing/plan.js';
import { roles } from './permission.js';
import { displayNameSchema, idSchema, instantSchema, labelSchema } from './primitives.js';

const memberSchema = z.strictObject({
  userId: idSchema,
  name: displayNameSchema,
  email: z.email(),
  role: z.enum(roles),
});

const deploymentSchema = z.strictObject({
  id: idSchema,
  requestedAt: instantSchema,
  /** What came of it. What went live was in service until the next one did, or until the end of the plan. */
  outcome: z.enum(['live', 'build_failed', 'update_failed', 'canceled']),
  gitCommit: z.string(),
});

const appSchema = z.strictObject({
  id: idSchema,
  name: labelSchema,
  memoryLimitBytes: z.int().positive(),
  /** Cores it keeps busy at the busiest hour. */
  peakCores: z.number().positive(),
  /** Oldest first. */
  deployments: z.array(deploymentSchema),
});

const organizationSchema = z.strictObject({
  id: idSchema,
  name: displayNameSchema,
  planCode: planSchema.shape.code,
  foundedAt: instantSchema,
  /** The owner is the first. */
  members: z.tuple([memberSchema], memberSchema),
  projects: z.array(z.strictObject({ id: idSchema, name: displayNameSchema, apps: z.array(appSchema) })),
});

/**
 * What `npm run db:seed` tells the command `seed` of each service on its standard input: who there is, and what
 * happened when. The service writes its part of it, and draws the finer details itself.
 */
export const seedPlanSchema = z.strictObject({
  /** Of all demo users; told to auth only. */
  password: z.string().optional(),
  /** The start of a day in UTC: nothing happens from then on. */
  until: instantSchema,
  /** So many days before it have a history. */
  days: z.int().positive(),
  organizations: z.array(organizationSchema),
});
export type SeedPlan = z.infer<typeof seedPlanSchema>;
export type SeedOrganization = SeedPlan['organizations'][number];
export type SeedApp = SeedOrganization['projects'][number]['apps'][number];
