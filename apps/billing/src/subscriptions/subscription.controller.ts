import { Controller } from '@nestjs/common';
import { type ResponseOf, subscriptionGet } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { SubscriptionService } from './subscription.service.js';

@Controller()
export class SubscriptionController {
  constructor(private readonly subscriptions: SubscriptionService) {}

  @Rpc(subscriptionGet)
  get(): Promise<ResponseOf<typeof subscriptionGet>> {
    return this.subscriptions.get();
  }
}
