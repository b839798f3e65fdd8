import { z } from 'zod';
import { appIdSchema } from '../ids.js';
import { givenInstantSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** Points of one answer at the most. */
export const METRIC_POINTS_MAX = 1_500;

export const metricQuery = rpc({
  service: 'monitor',
  entity: 'metric',
  verb: 'query',
  request: z.strictObject({
    appId: appIdSchema,
    from: givenInstantSchema.optional().describe('Start of the range; an hour before its end unless given.'),
    to: givenInstantSchema.optional().describe('End of the range, not part of it; now unless given.'),
    stepSeconds: z.coerce
      .number()
      .int()
      .min(10)
      .max(86_400)
      .default(30)
      .describe(`Seconds between two points; the range may have ${METRIC_POINTS_MAX} of them.`),
  }),
  response: z
    .object({
      appId: appIdSchema,
      from: instantSchema.describe('Start of the range.'),
      to: instantSchema.describe('End of the range, not part of it.'),
      stepSeconds: z.int().describe('Seconds between two points.'),
      retentionDays: z.int().describe('Days that metrics are kept under the plan; there is nothing older.'),
      points: z
        .array(
          z.object({
            at: instantSchema.describe('Start of the step.'),
            cpuSeconds: z
              .number()
              .describe('Seconds of CPU time used in the step, by all instances together.'),
            memoryBytesMean: z
              .number()
              .describe('Mean of the resident memory in the step, in bytes, of all instances together.'),
            memoryBytesMax: z
              .number()
              .describe(
                'Peak of the resident memory in the step, in bytes: the peaks of all instances added up.',
              ),
          }),
        )
        .describe('One point for each step in which the app was measured, oldest first.'),
    })
    .describe('CPU and memory of an app over time.'),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'metrics:read',
});
