import { Injectable } from '@nestjs/common';
import { type DataOf, deploymentWentLive, type EventEnvelope, usageRecorded } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { UsageService } from './usage.service.js';

@Injectable()
export class UsageConsumer {
  constructor(private readonly usage: UsageService) {}

  @OnEvent(usageRecorded)
  async onUsageRecorded(
    { id, data }: EventEnvelope<DataOf<typeof usageRecorded>>,
    tx: Transaction,
  ): Promise<void> {
    await this.usage.record(tx, {
      eventId: id,
      appId: data.appId,
      windowStart: new Date(data.windowStart),
      windowEnd: new Date(data.windowEnd),
      quantities: data.quantities,
    });
  }

  @OnEvent(deploymentWentLive)
  async onDeploymentWentLive(
    { id, data }: EventEnvelope<DataOf<typeof deploymentWentLive>>,
    tx: Transaction,
  ): Promise<void> {
    const occurredAt = new Date(data.occurredAt);
    await this.usage.record(tx, {
      eventId: id,
      appId: data.appId,
      windowStart: occurredAt,
      windowEnd: occurredAt,
      quantities: [{ meter: 'deployments', quantity: '1' }],
    });
  }
}
