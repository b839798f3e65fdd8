import { Module } from '@nestjs/common';
import { SubscriptionModule } from '../subscriptions/subscription.module.js';
import { CustomerConsumer } from './customer.consumer.js';
import { CustomerRepository } from './customer.repository.js';
import { CustomerService } from './customer.service.js';

@Module({
  imports: [SubscriptionModule],
  providers: [CustomerConsumer, CustomerRepository, CustomerService],
})
export class CustomerModule {}
