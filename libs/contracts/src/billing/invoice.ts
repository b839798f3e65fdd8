import { z } from 'zod';
import { currencySchema, integerStringSchema } from '../primitives.js';
import { rpc } from '../rpc.js';
import { periodEndSchema, periodStartSchema } from './period.js';
import { planCodeSchema } from './plan.js';
import { meterSchema } from './usage.js';

export const upcomingInvoiceSchema = z
  .object({
    currency: currencySchema,
    planCode: planCodeSchema,
    periodStart: periodStartSchema,
    periodEnd: periodEndSchema,
    lines: z
      .array(
        z.object({
          kind: z
            .enum(['subscription', 'usage'])
            .describe('The monthly amount of the plan, or the usage of one meter.'),
          description: z.string().describe('What is charged for, for people.'),
          meter: meterSchema.nullable().describe('The meter of a line of usage; null for the plan itself.'),
          quantity: z
            .string()
            .describe('Decimal: usage so far in the unit of the meter; 1 for the plan itself.'),
          includedQuantity: z
            .string()
            .describe(
              'Decimal: the part of the quantity that the plan covers; only what exceeds it is charged.',
            ),
          unitAmountMinor: z
            .string()
            .describe('Decimal: price of one unit in minor units of the currency; may be a fraction of one.'),
          amountMinor: integerStringSchema.describe('Amount of the line in minor units of the currency.'),
        }),
      )
      .describe('The plan, then each meter it prices, used or not. Their amounts add up to the total.'),
    totalAmountMinor: integerStringSchema.describe('Total in minor units of the currency.'),
  })
  .describe('What the running period would cost if it ended now.');

export const invoiceGetUpcoming = rpc({
  service: 'billing',
  entity: 'invoice',
  verb: 'get-upcoming',
  request: z.strictObject({}),
  response: upcomingInvoiceSchema,
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'billing:read',
});
