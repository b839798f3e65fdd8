import type { INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DatabaseSettings, NatsSettings } from '@capsule/config';
import type { ServiceName } from '@capsule/contracts';
import { DatabaseModule } from '@capsule/database';
import { MessagingModule } from '@capsule/messaging';
import { OutboxModule, OutboxWorkers } from '@capsule/outbox';

export interface EventServiceOptions {
  service: ServiceName;
  database: DatabaseSettings;
  nats: NatsSettings;
  /** With their @OnEvent methods. */
  providers?: Provider[];
  inbox?: 'on' | 'off';
  maxAttempts?: number;
  /** Of the relay. */
  pollMs?: number;
}

class EventServiceModule {}

/** The part of a service that publishes and consumes events, with its relay and consumers running. */
export async function startEventService(options: EventServiceOptions): Promise<INestApplicationContext> {
  const { service, database, nats, providers = [], inbox = 'on', maxAttempts = 8, pollMs } = options;
  const module = {
    module: EventServiceModule,
    imports: [
      DatabaseModule.forService(database, { entities: [] }),
      MessagingModule.forApp({ app: service, nats }),
      OutboxModule.forService({ service, inbox, maxAttempts, pollMs }),
    ],
    providers,
  };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  app.get(OutboxWorkers).start();
  return app;
}
