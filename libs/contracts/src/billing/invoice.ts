import { z } from 'zod';
import { currencySchema, instantSchema, integerStringSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** A preview of the invoice of the running period. The amounts of the lines sum to the total. */
export const upcomingInvoiceSchema = z.object({
  currency: currencySchema,
  planCode: z.string(),
  periodStart: instantSchema,
  periodEnd: instantSchema,
  lines: z.array(
    z.object({
      kind: z.enum(['subscription', 'usage']),
      description: z.string(),
      meter: z.string().nullable(),
      quantity: z.string(),
      includedQuantity: z.string(),
      unitAmountMinor: z.string(),
      amountMinor: integerStringSchema,
    }),
  ),
  totalAmountMinor: integerStringSchema,
});

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
