import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { DatabaseIndicator, DatabaseReportModule, MigrationsIndicator } from '@capsule/database';
import { HealthModule } from '@capsule/health';
import { MessagingModule, NatsIndicator } from '@capsule/messaging';
import { OutboxModule } from '@capsule/outbox';
import { SecurityModule } from '@capsule/security';
import { config } from './config.js';
import { CustomerModule } from './customers/customer.module.js';
import { databaseModule } from './database-module.js';
import { InvoiceModule } from './invoices/invoice.module.js';
import { PlanModule } from './plans/plan.module.js';
import { SubscriptionModule } from './subscriptions/subscription.module.js';
import { UsageModule } from './usage/usage.module.js';

const settings = config();

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [config] }),
    databaseModule,
    DatabaseReportModule.forService('billing'),
    MessagingModule.forApp({ app: 'billing', nats: settings.nats }),
    SecurityModule.forService(settings.token),
    OutboxModule.forService({ service: 'billing', ...settings.outbox }),
    HealthModule.forApp({
      indicators: [DatabaseIndicator, MigrationsIndicator, NatsIndicator],
    }),
    CustomerModule,
    InvoiceModule,
    PlanModule,
    SubscriptionModule,
    UsageModule,
  ],
})
export class AppModule {}
