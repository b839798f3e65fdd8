import { z } from 'zod';
import { idSchema, instantSchema, quantitySchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** What is metered: CPU seconds consumed, gibibyte-hours of memory held, deployments that went live. */
export const meterSchema = z.enum(['cpu_seconds', 'memory_gib_hours', 'deployments']);
export type Meter = z.infer<typeof meterSchema>;

export const usageGet = rpc({
  service: 'billing',
  entity: 'usage',
  verb: 'get',
  request: z.strictObject({}),
  response: z.object({
    periodStart: instantSchema,
    periodEnd: instantSchema,
    meters: z.array(
      z.object({
        meter: meterSchema,
        /** Of all apps. */
        quantity: quantitySchema,
        /** The 1,000 apps with the most of it, the largest first. */
        apps: z.array(z.object({ appId: idSchema, quantity: quantitySchema })),
      }),
    ),
  }),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'billing:read',
});
