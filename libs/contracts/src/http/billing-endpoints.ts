import { invoiceGetUpcoming } from '../billing/invoice.js';
import { planList, subscriptionGet } from '../billing/plan.js';
import { usageGet } from '../billing/usage.js';
import { endpoint } from './endpoint.js';

const common = { tag: 'Billing', status: 200 } as const;

export const billingEndpoints = [
  endpoint('GET /v1/billing/plans', {
    ...common,
    summary: 'List the plans and their prices',
    security: 'public',
    rpc: planList,
  }),
  endpoint('GET /v1/billing/subscription', {
    ...common,
    summary: 'The plan in force',
    security: 'bearer',
    rpc: subscriptionGet,
    errors: ['billing.customer.not_ready'],
  }),
  endpoint('GET /v1/billing/usage', {
    ...common,
    summary: 'Metered usage of the running period',
    security: 'bearer',
    rpc: usageGet,
    errors: ['billing.customer.not_ready'],
  }),
  endpoint('GET /v1/billing/invoices/upcoming', {
    ...common,
    summary: 'Preview the invoice of the running period',
    description: 'What it would be if the period ended now.',
    security: 'bearer',
    rpc: invoiceGetUpcoming,
    errors: ['billing.customer.not_ready', 'billing.plan.not_found'],
  }),
];
