import { Module } from '@nestjs/common';
import { MonitoredAppModule } from '../app/monitored-app.module.js';
import { ActivityConsumer } from './activity.consumer.js';
import { ActivityController } from './activity.controller.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';

@Module({
  imports: [MonitoredAppModule],
  controllers: [ActivityController],
  providers: [ActivityConsumer, ActivityRepository, ActivityService],
})
export class ActivityModule {}
