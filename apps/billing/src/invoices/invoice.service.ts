import { Injectable } from '@nestjs/common';
import type { invoiceGetUpcoming, ResponseOf } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { requireTenant } from '@capsule/telemetry';
import { periodAt } from '../periods/period.js';
import { PlanService } from '../plans/plan.service.js';
import { SubscriptionService } from '../subscriptions/subscription.service.js';
import { UsageService } from '../usage/usage.service.js';
import { chargesOf } from './charges.js';

@Injectable()
export class InvoiceService {
  constructor(
    private readonly database: Database,
    private readonly subscriptions: SubscriptionService,
    private readonly plans: PlanService,
    private readonly usage: UsageService,
  ) {}

  /**
   * What the running period would cost if it ended now.
   * @throws DomainError billing.customer.not_ready
   */
  async getUpcoming(): Promise<ResponseOf<typeof invoiceGetUpcoming>> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      const { id, planCode, currency, anchor } = await this.subscriptions.getActive(tx);
      const { number, start, end } = periodAt(anchor, new Date());
      const price = await this.plans.getPrice(tx, planCode, currency);
      const usage = await this.usage.sumByMeter(tx, { subscriptionId: id, periodNumber: number });
      return {
        currency,
        planCode,
        periodStart: start.toISOString(),
        periodEnd: end.toISOString(),
        ...chargesOf(price, usage),
      };
    });
  }
}
