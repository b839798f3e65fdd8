import { Module } from '@nestjs/common';
import { SubscriptionModule } from '../subscriptions/subscription.module.js';
import { UsageConsumer } from './usage.consumer.js';
import { UsageController } from './usage.controller.js';
import { UsageRepository } from './usage.repository.js';
import { UsageService } from './usage.service.js';

@Module({
  imports: [SubscriptionModule],
  controllers: [UsageController],
  providers: [UsageConsumer, UsageRepository, UsageService],
  exports: [UsageService],
})
export class UsageModule {}
