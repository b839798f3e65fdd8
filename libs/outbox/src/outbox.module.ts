import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ConsumerRunner } from './consumer-runner.js';
import { DeadLetters } from './dead-letters.js';
import { EventAttempts } from './event-attempts.js';
import { EventHandlers } from './event-handlers.js';
import { EventProcessor } from './event-processor.js';
import { HistoryPurge } from './history-purge.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { Outbox } from './outbox.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { OutboxDepth } from './outbox-depth.js';
import { OutboxRows } from './outbox-rows.js';
import { OutboxWorkers } from './outbox-workers.js';
import { Relay } from './relay.js';

@Module({})
export class OutboxModule {
  /** Global. Needs DatabaseModule and MessagingModule. Nothing runs until OutboxWorkers.start(): commands need no relay. */
  static forService(options: OutboxOptions): DynamicModule {
    return {
      module: OutboxModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        { provide: OUTBOX_OPTIONS, useValue: options },
        ConsumerRunner,
        DeadLetters,
        EventAttempts,
        EventHandlers,
        EventProcessor,
        HistoryPurge,
        IdempotentRequests,
        Outbox,
        OutboxDepth,
        OutboxRows,
        OutboxWorkers,
        Relay,
      ],
      exports: [DeadLetters, IdempotentRequests, Outbox, OutboxWorkers],
    };
  }
}
