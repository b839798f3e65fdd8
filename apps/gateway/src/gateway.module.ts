import { CacheModule, RedisIndicator } from '@capsule/cache';
import { HealthModule } from '@capsule/health';
import { MessagingModule, NatsIndicator } from '@capsule/messaging';
import { AuthenticationModule } from '@capsule/security/authentication';
import { ObjectStore } from '@capsule/storage';
import { type DynamicModule, Module } from '@nestjs/common';
import { ArchiveUploads } from './archives/archive-uploads.js';
import { config, type GatewaySettings } from './config.js';
import { BusinessRoutes } from './http/business-routes.js';
import { RateLimits } from './limits/rate-limits.js';
import { LogStreams } from './log-streams/log-streams.js';
import { Upstreams } from './upstream/upstreams.js';

@Module({})
export class GatewayModule {
  static forSettings(settings: GatewaySettings): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        CacheModule.forApp(settings.redis),
        MessagingModule.forApp({ app: 'gateway', nats: settings.nats }),
        AuthenticationModule.forApp(settings.token),
        HealthModule.forApp({ indicators: [NatsIndicator, RedisIndicator] }),
      ],
      providers: [
        { provide: config.KEY, useValue: settings },
        { provide: ObjectStore, useFactory: () => ObjectStore.open(settings.storage.folder) },
        Upstreams,
        RateLimits,
        ArchiveUploads,
        LogStreams,
        BusinessRoutes,
      ],
    };
  }
}
