import { z } from 'zod';
import { appIdSchema } from '../ids.js';
import { quantitySchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { periodEndSchema, periodStartSchema } from './period.js';

export const meterSchema = z
  .enum(['cpu_seconds', 'memory_gib_hours', 'deployments'])
  .describe(
    'What is metered: seconds of CPU time used, GiB of memory held times hours, or deployments that went live.',
  );
export type Meter = z.infer<typeof meterSchema>;

export const usageGet = rpc({
  service: 'billing',
  entity: 'usage',
  verb: 'get',
  request: z.strictObject({}),
  response: z
    .object({
      periodStart: periodStartSchema,
      periodEnd: periodEndSchema,
      meters: z
        .array(
          z.object({
            meter: meterSchema,
            quantity: quantitySchema.describe('Decimal: usage of all apps so far, in the unit of the meter.'),
            apps: z
              .array(
                z.object({
                  appId: appIdSchema,
                  quantity: quantitySchema.describe(
                    'Decimal: usage of the app so far, in the unit of the meter.',
                  ),
                }),
              )
              .describe('The 1,000 apps with the largest usage, the largest first.'),
          }),
        )
        .describe('Every meter, used or not.'),
    })
    .describe('Metered usage of the running billing period.'),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'billing:read',
});
