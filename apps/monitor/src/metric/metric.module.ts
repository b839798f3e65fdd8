import { Module } from '@nestjs/common';
import { MonitoredAppModule } from '../app/monitored-app.module.js';
import { OrganizationModule } from '../organization/organization.module.js';
import { MetricController } from './metric.controller.js';
import { MetricRepository } from './metric.repository.js';
import { MetricService } from './metric.service.js';

@Module({
  imports: [MonitoredAppModule, OrganizationModule],
  controllers: [MetricController],
  providers: [MetricRepository, MetricService],
})
export class MetricModule {}
