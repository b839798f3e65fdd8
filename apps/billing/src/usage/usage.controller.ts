import { Controller } from '@nestjs/common';
import { usageGet } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { UsageService } from './usage.service.js';

@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Rpc(usageGet)
  get() {
    return this.usage.get();
  }
}
