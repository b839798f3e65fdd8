import { Injectable } from '@nestjs/common';
import { type Meter, meterSchema, type ResponseOf, type usageGet } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { requireTenant } from '@capsule/telemetry';
import { shortestDecimal } from '../money/fixed-point.js';
import { periodAt } from '../periods/period.js';
import { SubscriptionService } from '../subscriptions/subscription.service.js';
import { type ReportedUsage, type UsagePeriod, UsageRepository } from './usage.repository.js';

type Usage = ResponseOf<typeof usageGet>;

/** So many apps of each meter fit a NATS message with room to spare. */
const APPS_MAX = 1_000;

@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly repository: UsageRepository,
    private readonly subscriptions: SubscriptionService,
  ) {}

  /**
   * Records what an event reports, once per event. It belongs to the period in which its window starts, however late
   * it arrives.
   * @throws DomainError billing.customer.not_ready
   */
  async record(tx: Transaction, usage: ReportedUsage): Promise<void> {
    const { id, anchor } = await this.subscriptions.getActive(tx);
    const { number: periodNumber } = periodAt(anchor, usage.windowStart);
    await this.repository.insert(tx, { subscriptionId: id, periodNumber }, usage);
  }

  /**
   * Usage of the running period by meter and app.
   * @throws DomainError billing.customer.not_ready
   */
  async get(): Promise<Usage> {
    return this.database.withTenant(requireTenant(), async (tx) => {
      const { id, anchor } = await this.subscriptions.getActive(tx);
      const { number, start, end } = periodAt(anchor, new Date());
      const rows = await this.repository.listByApp(
        tx,
        { subscriptionId: id, periodNumber: number },
        APPS_MAX,
      );
      const meters = meterSchema.options.map((meter) => {
        const apps = rows.filter((row) => row.meter === meter);
        return {
          meter,
          quantity: shortestDecimal(apps[0]?.meterQuantity ?? '0'),
          apps: apps.map(({ appId, quantity }) => ({ appId, quantity: shortestDecimal(quantity) })),
        };
      });
      return { periodStart: start.toISOString(), periodEnd: end.toISOString(), meters };
    });
  }

  /** @returns decimals by meter; a meter that was not used is missing */
  async sumByMeter(tx: Transaction, period: UsagePeriod): Promise<Map<Meter, string>> {
    const rows = await this.repository.sumByMeter(tx, period);
    return new Map(rows.map(({ meter, quantity }) => [meter, quantity]));
  }
}
