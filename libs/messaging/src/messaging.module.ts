import { Module, type DynamicModule } from '@nestjs/common';
import type { NatsSettings } from '@capsule/config';
import type { AppName } from '@capsule/contracts';
import { EventPublisher } from './event-publisher.js';
import { NatsConnection } from './nats-connection.js';
import { RpcClient } from './rpc-client.js';
import { RpcServer } from './rpc-server.js';
import { StreamInspector } from './stream-inspector.js';

interface MessagingOptions {
  app: AppName;
  nats: NatsSettings;
}

@Module({})
export class MessagingModule {
  /** Global: one connection for the process, made before anything that injects it. */
  static forApp(options: MessagingOptions): DynamicModule {
    const providers = [RpcClient, RpcServer, EventPublisher, StreamInspector];
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: NatsConnection, useFactory: () => NatsConnection.open(options.app, options.nats) },
        ...providers,
      ],
      exports: [NatsConnection, ...providers],
    };
  }
}
