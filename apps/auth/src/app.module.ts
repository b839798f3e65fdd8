import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { DatabaseIndicator, DatabaseReportModule, MigrationsIndicator } from '@capsule/database';
import { HealthModule } from '@capsule/health';
import { MessagingModule, NatsIndicator } from '@capsule/messaging';
import { OutboxModule } from '@capsule/outbox';
import { SecurityModule } from '@capsule/security';
import { config } from './config.js';
import { databaseModule } from './database-module.js';
import { KeyModule } from './keys/key.module.js';
import { OrganizationModule } from './organizations/organization.module.js';
import { SessionModule } from './sessions/session.module.js';
import { SignUpModule } from './sign-up/sign-up.module.js';
import { UserModule } from './users/user.module.js';

const settings = config();

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [config] }),
    databaseModule,
    DatabaseReportModule.forService('auth'),
    MessagingModule.forApp({ app: 'auth', nats: settings.nats }),
    SecurityModule.forIssuer(settings.token),
    OutboxModule.forService({ service: 'auth', ...settings.outbox }),
    HealthModule.forApp({
      indicators: [DatabaseIndicator, MigrationsIndicator, NatsIndicator],
    }),
    KeyModule,
    OrganizationModule,
    SessionModule,
    SignUpModule,
    UserModule,
  ],
})
export class AppModule {}
