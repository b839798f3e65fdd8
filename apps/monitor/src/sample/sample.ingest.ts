import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { durableName, instancesSampled } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { type DeliveredMessage, DurableConsumer, NatsConnection } from '@capsule/messaging';
import { counter } from '@capsule/telemetry';
import { SampleRepository } from './sample.repository.js';

const CONCURRENCY = 8;
const RETRY_MS = 2_000;
/** A sample that could not be stored for so long is a gap; newer ones matter more. */
const MAX_DELIVERIES = 5;

const dropped = counter({
  name: 'capsule_samples_dropped_total',
  help: 'Batches of samples given up after several attempts',
});

/**
 * Takes samples off their stream. They are no facts, so there is no inbox: the same sample coming twice falls on the
 * primary key (series, time).
 */
@Injectable()
export class SampleIngest implements OnApplicationBootstrap, OnApplicationShutdown {
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

  onApplicationBootstrap(): void {
    this.consumer.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.consumer.stop();
  }

  private async ingest(message: DeliveredMessage): Promise<void> {
    try {
      const envelope = message.envelope();
      const { sampledAt, samples } = instancesSampled.data.parse(envelope.data);
      if (envelope.tenantid === undefined) throw new Error('the samples name no organization');
      await this.database.withTenant(envelope.tenantid, (tx) => this.samples.record(tx, sampledAt, samples));
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
