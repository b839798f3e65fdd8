import { Injectable } from '@nestjs/common';
import type { Currency, planList, ResponseOf } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { shortestDecimal } from '../money/fixed-point.js';
import type { PlanPrice } from './plan-price.entity.js';
import type { PlanUsagePrice } from './plan-usage-price.entity.js';
import type { Plan } from './plan.entity.js';
import { PlanRepository } from './plan.repository.js';

type PlanView = ResponseOf<typeof planList>['items'][number];

/** What a plan costs in one currency. */
export interface Price {
  plan: Plan;
  monthlyAmountMinor: bigint;
  usage: PlanUsagePrice[];
}

@Injectable()
export class PlanService {
  constructor(
    private readonly database: Database,
    private readonly repository: PlanRepository,
  ) {}

  async list(): Promise<ResponseOf<typeof planList>> {
    return this.database.withoutTenant(async (tx) => {
      const plans = await this.repository.list(tx);
      const prices = await this.repository.listPrices(tx);
      const usagePrices = await this.repository.listUsagePrices(tx);
      return { items: plans.map((plan) => planView(plan, prices, usagePrices)), nextCursor: null };
    });
  }

  /** @throws DomainError billing.plan.not_found */
  async get(tx: Transaction, code: string): Promise<Plan> {
    const plan = await this.repository.findByCode(tx, code);
    if (!plan) throw new DomainError('billing.plan.not_found');
    return plan;
  }

  /** @throws DomainError billing.plan.not_found when there is no such plan in the currency */
  async getPrice(tx: Transaction, code: string, currency: Currency): Promise<Price> {
    const plan = await this.get(tx, code);
    const price = await this.repository.findPrice(tx, code, currency);
    if (!price) throw new DomainError('billing.plan.not_found');
    return {
      plan,
      monthlyAmountMinor: BigInt(price.monthlyAmountMinor),
      usage: await this.repository.listUsagePricesOf(tx, code, currency),
    };
  }
}

function planView(plan: Plan, prices: PlanPrice[], usagePrices: PlanUsagePrice[]): PlanView {
  return {
    code: plan.code as PlanView['code'],
    name: plan.name,
    entitlements: plan.entitlements,
    prices: prices
      .filter(({ planCode }) => planCode === plan.code)
      .map(({ currency, monthlyAmountMinor }) => ({
        currency,
        monthlyAmountMinor,
        usage: usagePrices
          .filter((usage) => usage.planCode === plan.code && usage.currency === currency)
          .map(({ meter, includedQuantity, unitAmountMinor }) => ({
            meter,
            includedQuantity: shortestDecimal(includedQuantity),
            unitAmountMinor: shortestDecimal(unitAmountMinor),
          })),
      })),
  };
}
