import { Module } from '@nestjs/common';
import { TenantModule } from '../tenant/tenant.module.js';
import { WorkSessionModule } from '../work-session/work-session.module.js';
import { ToolMetricController } from './tool-metric.controller.js';
import { ToolMetricRepository } from './tool-metric.repository.js';
import { ToolMetricService } from './tool-metric.service.js';

@Module({
  imports: [TenantModule, WorkSessionModule],
  controllers: [ToolMetricController],
  providers: [ToolMetricRepository, ToolMetricService],
  exports: [ToolMetricService],
})
export class ToolMetricModule {}
