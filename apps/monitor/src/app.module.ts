import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import {
  DatabaseIndicator,
  DatabaseReportModule,
  MigrationsIndicator,
  PaginationModule,
} from '@capsule/database';
import { HealthModule } from '@capsule/health';
import { MessagingModule, NatsIndicator } from '@capsule/messaging';
import { OutboxModule } from '@capsule/outbox';
import { SecurityModule } from '@capsule/security';
import { ActivityModule } from './activity/activity.module.js';
import { MonitoredAppModule } from './app/monitored-app.module.js';
import { config } from './config.js';
import { databaseModule } from './database-module.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { MetricModule } from './metric/metric.module.js';
import { OrganizationModule } from './organization/organization.module.js';
import { SampleModule } from './sample/sample.module.js';
import { ToolMetricModule } from './tool-metric/tool-metric.module.js';
import { UsageModule } from './usage/usage.module.js';
import { UserModule } from './user/user.module.js';
import { WorkSessionModule } from './work-session/work-session.module.js';
import { Workers } from './workers.js';

const settings = config();

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [config] }),
    databaseModule,
    DatabaseReportModule.forService('monitor'),
    PaginationModule.forService(settings.pagination),
    MessagingModule.forApp({ app: 'monitor', nats: settings.nats }),
    SecurityModule.forService(settings.token),
    OutboxModule.forService({ service: 'monitor', ...settings.outbox }),
    HealthModule.forApp({ indicators: [DatabaseIndicator, MigrationsIndicator, NatsIndicator] }),
    ActivityModule,
    DashboardModule,
    MetricModule,
    MonitoredAppModule,
    OrganizationModule,
    SampleModule,
    ToolMetricModule,
    UsageModule,
    UserModule,
    WorkSessionModule,
  ],
  providers: [Workers],
})
export class AppModule {}
