import { Controller } from '@nestjs/common';
import {
  dashboardCreate,
  dashboardDelete,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
  type RequestOf,
} from '@capsule/contracts';
import { Rpc } from '@capsule/messaging';
import { DashboardService } from './dashboard.service.js';

@Controller()
export class DashboardController {
  constructor(private readonly dashboards: DashboardService) {}

  @Rpc(dashboardCreate)
  create(request: RequestOf<typeof dashboardCreate>) {
    return this.dashboards.create(request);
  }

  @Rpc(dashboardGet)
  get(request: RequestOf<typeof dashboardGet>) {
    return this.dashboards.get(request);
  }

  @Rpc(dashboardList)
  list(request: RequestOf<typeof dashboardList>) {
    return this.dashboards.list(request);
  }

  @Rpc(dashboardUpdate)
  update(request: RequestOf<typeof dashboardUpdate>) {
    return this.dashboards.update(request);
  }

  @Rpc(dashboardDelete)
  delete(request: RequestOf<typeof dashboardDelete>) {
    return this.dashboards.delete(request);
  }
}
