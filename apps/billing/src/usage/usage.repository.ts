import { Injectable } from '@nestjs/common';
import type { Meter } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';

/** What one event reports of one app over one window. Quantities are decimals. */
export interface ReportedUsage {
  eventId: string;
  appId: string;
  windowStart: Date;
  windowEnd: Date;
  quantities: readonly { meter: Meter; quantity: string }[];
}

/** Which part of the usage: a period of a subscription. */
export interface UsagePeriod {
  subscriptionId: string;
  periodNumber: number;
}

export interface AppUsage {
  meter: Meter;
  appId: string;
  quantity: string;
  /** Of all the tenant's apps. */
  meterQuantity: string;
}

// Only what the ledger took is added to the totals, so an event that comes again changes neither. The order of the
// meters is that in which the rows of totals are locked.
const RECORD = {
  name: 'usage-record',
  text: `WITH recorded AS (
           INSERT INTO usage_records
             (tenant_id, subscription_id, event_id, app_id, window_start, window_end, meter, quantity)
           SELECT $1, $2, $4, $5, $6, $7, reported.meter, sum(reported.quantity)
           FROM unnest($8::text[], $9::numeric[]) AS reported (meter, quantity)
           GROUP BY reported.meter
           ON CONFLICT ON CONSTRAINT uq_usage_records__event_meter DO NOTHING
           RETURNING meter, quantity
         )
         INSERT INTO usage_totals AS t (tenant_id, subscription_id, period_number, app_id, meter, quantity)
         SELECT $1, $2, $3, $5, meter, quantity FROM recorded ORDER BY meter
         ON CONFLICT ON CONSTRAINT uq_usage_totals__app DO UPDATE SET quantity = t.quantity + excluded.quantity`,
};

const LIST_BY_APP = {
  name: 'usage-list-by-app',
  text: `SELECT meter, app_id AS "appId", quantity, meter_quantity AS "meterQuantity"
         FROM (
           SELECT meter, app_id, quantity, sum(quantity) OVER (PARTITION BY meter) AS meter_quantity,
                  row_number() OVER (PARTITION BY meter ORDER BY quantity DESC, app_id) AS place
           FROM usage_totals
           WHERE tenant_id = $1 AND subscription_id = $2 AND period_number = $3
         ) placed
         WHERE place <= $4
         ORDER BY meter, place`,
};

const SUM_BY_METER = {
  name: 'usage-sum-by-meter',
  text: `SELECT meter, sum(quantity) AS quantity
         FROM usage_totals
         WHERE tenant_id = $1 AND subscription_id = $2 AND period_number = $3
         GROUP BY meter`,
};

@Injectable()
export class UsageRepository {
  /** Has no effect for an event (and meter) that was recorded before. */
  async insert(
    tx: Transaction,
    { subscriptionId, periodNumber }: UsagePeriod,
    { eventId, appId, windowStart, windowEnd, quantities }: ReportedUsage,
  ): Promise<void> {
    const meters = quantities.map(({ meter }) => meter);
    const amounts = quantities.map(({ quantity }) => quantity);
    const window = [windowStart, windowEnd];
    await tx.query(RECORD, [
      tx.tenantId,
      subscriptionId,
      periodNumber,
      eventId,
      appId,
      ...window,
      meters,
      amounts,
    ]);
  }

  /** Of each meter the apps with the most usage, the largest first. */
  async listByApp(tx: Transaction, period: UsagePeriod, appsMax: number): Promise<AppUsage[]> {
    return tx.query(LIST_BY_APP, [tx.tenantId, period.subscriptionId, period.periodNumber, appsMax]);
  }

  async sumByMeter(tx: Transaction, period: UsagePeriod): Promise<{ meter: Meter; quantity: string }[]> {
    return tx.query(SUM_BY_METER, [tx.tenantId, period.subscriptionId, period.periodNumber]);
  }
}
