import { Injectable } from '@nestjs/common';
import { type DataOf, type EventEnvelope, instancesSampled } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { SampleRepository } from './sample.repository.js';

/** Samples are measurements, so no inbox remembers them: one that comes twice falls on the key (series, time). */
@Injectable()
export class SampleConsumer {
  constructor(private readonly samples: SampleRepository) {}

  @OnEvent(instancesSampled)
  async onInstancesSampled(
    { data }: EventEnvelope<DataOf<typeof instancesSampled>>,
    tx: Transaction,
  ): Promise<void> {
    await this.samples.record(tx, data.sampledAt, data.samples);
  }
}
