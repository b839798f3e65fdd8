import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { durableName, eventEnvelopeSchema, idSchema, instancesSampled } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { type DeliveredMessage, DurableConsumer, NatsConnection } from '@capsule/messaging';
import { counter } from '@capsule/telemetry';
import { SampleRepository } from './sample.repository.js';

const CONCURRENCY = 8;
const RETRY_MS = 2_000;
/** A sample that could not be stored for so long is a gap; newer ones matter more. */
const MAX_DELIVERIES = 5;

const sampledEventSchema = eventEnvelopeSchema.extend({ tenantid: idSchema, data: instancesSampled.data });

const dropped = counter({
  name: 'capsule_samples_dropped_total',
  help: 'Batches of samples given up after several attempts',
});

/**
 * Takes samples off their stream. They are no facts, so there is no inbox: the same sample coming twice falls on the
 * primary key (series, time).
 */
@Injectable()
export class SampleIngest implements OnModuleDestroy {
  private readonly logger = new Logger(SampleIngest.name);
  private readonly consumer: DurableConsumer;

  constructor(
    connection: NatsConnection,
    private readonly database: Database,
    private readonly samples: SampleRepository,
  ) {
    this.consumer = new DurableConsumer(
      connection,
      {
        stream: instancesSampled.stream,
        durable: durableName('monitor', instancesSampled),
        concurrency: CONCURRENCY,
      },
      (message) => this.ingest(message),
    );
  }

  start(): void {
    this.consumer.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.consumer.stop();
  }

  private async ingest(message: DeliveredMessage): Promise<void> {
    try {
      const { tenantid, data } = sampledEventSchema.parse(JSON.parse(message.text()));
      await this.database.withTenant(tenantid, (tx) => this.samples.record(tx, data.sampledAt, data.samples));
      message.ack();
    } catch (error) {
      this.logger.warn(`samples not stored: ${error instanceof Error ? error.message : String(error)}`);
      if (message.deliveryCount < MAX_DELIVERIES) {
        message.nak(RETRY_MS);
      } else {
        dropped.inc();
        message.terminate();
      }
    }
  }
}
