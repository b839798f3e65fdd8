import { Controller } from '@nestjs/common';
import { activityList, type RequestOf } from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { ActivityService } from './activity.service.js';

@Controller()
export class ActivityController {
  constructor(private readonly activities: ActivityService) {}

  @Rpc(activityList)
  list(request: RequestOf<typeof activityList>) {
    return this.activities.list(request);
  }
}
