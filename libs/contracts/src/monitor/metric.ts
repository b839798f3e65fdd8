import { z } from 'zod';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** Points of one answer at the most. */
export const METRIC_POINTS_MAX = 1_500;

/** CPU and memory of an app over time; the last hour in steps of 30 s unless asked otherwise. */
export const metricQuery = rpc({
  service: 'monitor',
  entity: 'metric',
  verb: 'query',
  request: z.strictObject({
    appId: idSchema,
    from: instantSchema.optional(),
    to: instantSchema.optional(),
    stepSeconds: z.coerce.number().int().min(10).max(86_400).default(30),
  }),
  response: z.object({
    appId: idSchema,
    from: instantSchema,
    to: instantSchema,
    stepSeconds: z.int(),
    /** Days that samples are kept under the plan. */
    retentionDays: z.int(),
    points: z.array(
      z.object({
        at: instantSchema,
        /** CPU seconds used in the step. */
        cpuSeconds: z.number(),
        /** Mean and peak resident bytes in the step, over all instances together. */
        memoryBytesMean: z.number(),
        memoryBytesMax: z.number(),
      }),
    ),
  }),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'metrics:read',
});
