import { Inject, Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { config, type BillingSettings } from '../config.js';
import { SubscriptionService } from '../subscriptions/subscription.service.js';
import { CustomerRepository } from './customer.repository.js';

const FIRST_PLAN_CODE = 'free';

@Injectable()
export class CustomerService {
  constructor(
    private readonly repository: CustomerRepository,
    private readonly subscriptions: SubscriptionService,
    @Inject(config.KEY) private readonly settings: BillingSettings,
  ) {}

  /** Opens the tenant's account on the free plan; its periods count from when the organization was created. */
  async open(tx: Transaction, organization: { name: string; email: string; createdAt: Date }): Promise<void> {
    const { name, email, createdAt } = organization;
    const customerId = uuidv7();
    const currency = this.settings.defaultCurrency;
    if (!(await this.repository.insert(tx, { id: customerId, name, email, currency }))) return;
    await this.subscriptions.start(tx, {
      customerId,
      planCode: FIRST_PLAN_CODE,
      currency,
      anchor: createdAt,
    });
  }
}
