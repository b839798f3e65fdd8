import { Inject, Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';
import { config, type BillingSettings } from '../config.js';
import { SubscriptionService } from '../subscriptions/subscription.service.js';
import { CustomerRepository } from './customer.repository.js';

const FIRST_PLAN_CODE = 'free';

interface NewCustomer {
  name: string;
  email: string;
  /** When the organization was created: its periods count from then. */
  createdAt: Date;
  /** The free plan without one. */
  planCode?: string;
}

@Injectable()
export class CustomerService {
  constructor(
    private readonly repository: CustomerRepository,
    private readonly subscriptions: SubscriptionService,
    @Inject(config.KEY) private readonly settings: BillingSettings,
  ) {}

  /**
   * Opens the tenant's account, unless it has one.
   * @returns whether it was opened
   */
  async open(tx: Transaction, customer: NewCustomer): Promise<boolean> {
    const { name, email, createdAt, planCode = FIRST_PLAN_CODE } = customer;
    const customerId = uuidv7();
    const currency = this.settings.defaultCurrency;
    if (!(await this.repository.insert(tx, { id: customerId, name, email, currency }))) return false;
    await this.subscriptions.start(tx, { customerId, planCode, currency, anchor: createdAt });
    return true;
  }
}
