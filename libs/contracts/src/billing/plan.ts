import { z } from 'zod';
import { currencySchema, integerStringSchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { entitlementsSchema } from './entitlements.js';
import { meterSchema } from './usage.js';

export const planSchema = z.object({
  code: z.enum(['free', 'pro', 'enterprise']),
  name: z.string(),
  entitlements: entitlementsSchema,
  prices: z.array(
    z.object({
      currency: currencySchema,
      /** Minor units of the currency (cents) per month. */
      monthlyAmountMinor: integerStringSchema,
      usage: z.array(
        z.object({
          meter: meterSchema,
          includedQuantity: z.string(),
          /** Minor units for each further unit; a decimal, because a second of CPU costs less than a cent. */
          unitAmountMinor: z.string(),
        }),
      ),
    }),
  ),
});

export const planList = rpc({
  service: 'billing',
  entity: 'plan',
  verb: 'list',
  request: z.strictObject({}),
  response: z.object({ items: z.array(planSchema), nextCursor: z.null() }),
  callers: ['gateway'],
  tenancy: 'none',
});

export const subscriptionGet = rpc({
  service: 'billing',
  entity: 'subscription',
  verb: 'get',
  request: z.strictObject({}),
  response: z.object({
    planCode: z.string(),
    currency: currencySchema,
    status: z.enum(['active']),
    currentPeriodStart: z.iso.datetime(),
    currentPeriodEnd: z.iso.datetime(),
    entitlements: entitlementsSchema,
  }),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'billing:read',
});
