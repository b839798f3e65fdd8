import { Inject, Injectable } from '@nestjs/common';
import { together, type Transaction, uuidv7 } from '@capsule/database';
import { DomainError } from '@capsule/errors';
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
   * Opens the tenant's account, unless it has one, and commits.
   * @returns whether it was opened
   * @throws DomainError billing.plan.not_found
   */
  async open(tx: Transaction, customer: NewCustomer): Promise<boolean> {
    const { name, email, createdAt, planCode = FIRST_PLAN_CODE } = customer;
    const customerId = uuidv7();
    const currency = this.settings.defaultCurrency;
    const [isNew, granted] = await together([
      this.repository.insert(tx, { id: customerId, name, email, currency }),
      this.subscriptions.start(tx, { customerId, planCode, currency, anchor: createdAt }),
    ]);
    if (!isNew) return false;
    if (!granted) throw new DomainError('billing.plan.not_found');
    await this.subscriptions.announce(tx, planCode, granted);
    return true;
  }
}
