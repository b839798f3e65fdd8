import { Injectable } from '@nestjs/common';
import type { Currency } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { PlanPrice } from './plan-price.entity.js';
import { PlanUsagePrice } from './plan-usage-price.entity.js';
import { Plan } from './plan.entity.js';

@Injectable()
export class PlanRepository {
  async list(tx: Transaction): Promise<Plan[]> {
    return tx.manager.find(Plan, { order: { position: 'ASC' } });
  }

  async findByCode(tx: Transaction, code: string): Promise<Plan | null> {
    return tx.manager.findOneBy(Plan, { code });
  }

  async listPrices(tx: Transaction): Promise<PlanPrice[]> {
    return tx.manager.find(PlanPrice, { order: { currency: 'ASC' } });
  }

  async listUsagePrices(tx: Transaction): Promise<PlanUsagePrice[]> {
    return tx.manager.find(PlanUsagePrice, { order: { meter: 'ASC' } });
  }

  async findPrice(tx: Transaction, planCode: string, currency: Currency): Promise<PlanPrice | null> {
    return tx.manager.findOneBy(PlanPrice, { planCode, currency });
  }

  async listUsagePricesOf(tx: Transaction, planCode: string, currency: Currency): Promise<PlanUsagePrice[]> {
    return tx.manager.findBy(PlanUsagePrice, { planCode, currency });
  }
}
