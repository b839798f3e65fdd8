import { Controller } from '@nestjs/common';
import { subscriptionGet } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { SubscriptionService } from './subscription.service.js';

@Controller()
export class SubscriptionController {
  constructor(private readonly subscriptions: SubscriptionService) {}

  @Rpc(subscriptionGet)
  get() {
    return this.subscriptions.get();
  }
}
