import { z } from 'zod';
import { meterSchema } from '../billing/usage.js';
import { event } from '../event.js';
import { idSchema, instantSchema, quantitySchema } from '../primitives.js';

/** Usage of one app over one closed window. Windows of an app and meter tile without gap or overlap. */
export const usageRecorded = event({
  service: 'monitor',
  entity: 'usage',
  action: 'recorded',
  data: z.object({
    appId: idSchema,
    windowStart: instantSchema,
    windowEnd: instantSchema,
    quantities: z.array(z.object({ meter: meterSchema, quantity: quantitySchema })),
  }),
  consumers: ['billing'],
});
