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
import { AppFeatureModule } from './apps/app-feature.module.js';
import { ArchiveModule } from './archives/archive.module.js';
import { config } from './config.js';
import { DeploymentModule } from './deployments/deployment.module.js';
import { EdgeIndicator } from './edge/edge-indicator.js';
import { EngineModule } from './engine/engine.module.js';
import { databaseModule } from './database-module.js';
import { OrganizationModule } from './organizations/organization.module.js';
import { ProjectModule } from './projects/project.module.js';
import { RolloutModule } from './deployments/rollout/rollout.module.js';
import { SamplingModule } from './sampling/sampling.module.js';

const settings = config();

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [config] }),
    databaseModule,
    DatabaseReportModule.forService('deploy'),
    PaginationModule.forService(settings.pagination),
    MessagingModule.forApp({ app: 'deploy', nats: settings.nats }),
    SecurityModule.forService(settings.token),
    OutboxModule.forService({ service: 'deploy', ...settings.outbox }),
    HealthModule.forApp({
      indicators: [DatabaseIndicator, MigrationsIndicator, NatsIndicator, EdgeIndicator],
    }),
    EngineModule,
    OrganizationModule,
    ProjectModule,
    AppFeatureModule,
    ArchiveModule,
    DeploymentModule,
    RolloutModule,
    SamplingModule,
  ],
})
export class AppModule {}
