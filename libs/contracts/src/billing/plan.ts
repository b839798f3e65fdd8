import { z } from 'zod';
import { pageOf } from '../page.js';
import { currencySchema, integerStringSchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { entitlementsSchema } from './entitlements.js';
import { periodEndSchema, periodStartSchema } from './period.js';
import { meterSchema } from './usage.js';

/** A string, so that a client of today can read a plan of tomorrow. */
export const planCodeSchema = z.string().describe('Code of the plan. `GET /v1/billing/plans` lists them.');

export const planSchema = z
  .object({
    code: z
      .enum(['free', 'pro', 'enterprise'])
      .describe('Code of the plan, as subscriptions and invoices name it.'),
    name: z.string().describe('Name of the plan, for people.'),
    entitlements: entitlementsSchema,
    prices: z
      .array(
        z.object({
          currency: currencySchema,
          monthlyAmountMinor: integerStringSchema.describe(
            'What the plan costs each month, in minor units of the currency.',
          ),
          usage: z
            .array(
              z.object({
                meter: meterSchema,
                includedQuantity: z
                  .string()
                  .describe('Decimal: usage each month that the plan covers, in the unit of the meter.'),
                unitAmountMinor: z
                  .string()
                  .describe(
                    'Decimal: price of each further unit in minor units of the currency; may be a fraction of one.',
                  ),
              }),
            )
            .describe('What usage beyond the plan costs, by meter.'),
        }),
      )
      .describe('The prices of the plan, one for each currency.'),
  })
  .describe('A plan and its prices.');

export const planList = rpc({
  service: 'billing',
  entity: 'plan',
  verb: 'list',
  request: z.strictObject({}),
  response: pageOf(planSchema)
    .extend({ nextCursor: z.null().describe('Always null: all plans are on one page.') })
    .describe('All plans.'),
  callers: ['gateway'],
  tenancy: 'none',
});

export const subscriptionGet = rpc({
  service: 'billing',
  entity: 'subscription',
  verb: 'get',
  request: z.strictObject({}),
  response: z
    .object({
      planCode: planCodeSchema,
      currency: currencySchema,
      status: z.enum(['active']).describe('Always `active` so far.'),
      currentPeriodStart: periodStartSchema,
      currentPeriodEnd: periodEndSchema,
      entitlements: entitlementsSchema,
    })
    .describe('The plan that the organization is on.'),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'billing:read',
});
