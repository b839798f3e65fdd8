import { Customer } from './customers/customer.entity.js';
import { PlanPrice } from './plans/plan-price.entity.js';
import { PlanUsagePrice } from './plans/plan-usage-price.entity.js';
import { Plan } from './plans/plan.entity.js';
import { Entitlement } from './subscriptions/entitlement.entity.js';
import { Subscription } from './subscriptions/subscription.entity.js';
import { UsageRecord } from './usage/usage-record.entity.js';
import { UsageTotal } from './usage/usage-total.entity.js';

/** Every table of the service that its migrations beyond the platform's make. */
export const entities = [
  Customer,
  Entitlement,
  Plan,
  PlanPrice,
  PlanUsagePrice,
  Subscription,
  UsageRecord,
  UsageTotal,
];
