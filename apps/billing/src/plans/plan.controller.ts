import { Controller } from '@nestjs/common';
import { planList } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { PlanService } from './plan.service.js';

@Controller()
export class PlanController {
  constructor(private readonly plans: PlanService) {}

  @Rpc(planList)
  list() {
    return this.plans.list();
  }
}
