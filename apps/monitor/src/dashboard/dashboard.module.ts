import { Module } from '@nestjs/common';
import { MonitoredAppModule } from '../app/monitored-app.module.js';
import { TenantModule } from '../tenant/tenant.module.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardRepository } from './dashboard.repository.js';
import { DashboardService } from './dashboard.service.js';

@Module({
  imports: [MonitoredAppModule, TenantModule],
  controllers: [DashboardController],
  providers: [DashboardRepository, DashboardService],
  exports: [DashboardService],
})
export class DashboardModule {}
