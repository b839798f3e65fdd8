import { Controller } from '@nestjs/common';
import { type ResponseOf, usageGet } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { UsageService } from './usage.service.js';

@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Rpc(usageGet)
  get(): Promise<ResponseOf<typeof usageGet>> {
    return this.usage.get();
  }
}
