import type { ErrorEntry } from './kind.js';

export const billingErrors = {
  'billing.customer.not_ready': {
    kind: 'unavailable',
    title: 'The billing account is still being opened',
    when: 'The organization was created a moment ago and its event is on the way.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  'billing.plan.not_found': {
    kind: 'not_found',
    title: 'There is no such plan',
    when: 'The plan code is unknown.',
    remedy: 'List the plans at `GET /v1/billing/plans`.',
  },
} as const satisfies Record<string, ErrorEntry>;
