import { z } from 'zod';
import { pageOf, pageRequestShape } from '../page.js';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

const DAY_MS = 86_400_000;

const toolSchema = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dots or hyphens');

/** One use of a tool within a work session. */
export const toolMetricSchema = z.object({
  id: idSchema,
  workSessionId: idSchema,
  tool: z.string(),
  durationMs: z.int(),
  succeeded: z.boolean(),
  usedAt: instantSchema,
});

const common = {
  service: 'monitor',
  entity: 'tool-metric',
  callers: ['gateway'],
  tenancy: 'tenant',
} as const;

/** Records one use of a tool in a work session of the caller. */
export const toolMetricCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    workSessionId: idSchema,
    tool: toolSchema,
    durationMs: z.int().min(0).max(DAY_MS),
    succeeded: z.boolean(),
    /** Now, unless it is told. */
    usedAt: instantSchema.optional(),
  }),
  response: toolMetricSchema,
  permission: 'metrics:write',
});

/** Newest first; of all tools and sessions, or of one. */
export const toolMetricList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({
    workSessionId: idSchema.optional(),
    tool: toolSchema.optional(),
    ...pageRequestShape,
  }),
  response: pageOf(toolMetricSchema),
  permission: 'metrics:read',
});
