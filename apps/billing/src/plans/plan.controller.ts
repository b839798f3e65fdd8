import { Controller } from '@nestjs/common';
import { planList, type ResponseOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { PlanService } from './plan.service.js';

@Controller()
export class PlanController {
  constructor(private readonly plans: PlanService) {}

  @Rpc(planList)
  list(): Promise<ResponseOf<typeof planList>> {
    return this.plans.list();
  }
}
