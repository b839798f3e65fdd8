import { Injectable } from '@nestjs/common';
import { type DataOf, type EventEnvelope, organizationCreated } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { CustomerService } from './customer.service.js';

@Injectable()
export class CustomerConsumer {
  constructor(private readonly customers: CustomerService) {}

  @OnEvent(organizationCreated)
  async onOrganizationCreated(
    { data }: EventEnvelope<DataOf<typeof organizationCreated>>,
    tx: Transaction,
  ): Promise<void> {
    const { name, ownerEmail: email, createdAt } = data;
    await this.customers.open(tx, { name, email, createdAt: new Date(createdAt) });
  }
}
