import { Injectable } from '@nestjs/common';
import { appCreated, type DataOf, type EventEnvelope } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { AppRepository } from './app.repository.js';

@Injectable()
export class AppConsumer {
  constructor(private readonly apps: AppRepository) {}

  @OnEvent(appCreated)
  async onAppCreated({ data }: EventEnvelope<DataOf<typeof appCreated>>, tx: Transaction): Promise<void> {
    await this.apps.insert(tx, {
      id: data.appId,
      projectId: data.projectId,
      name: data.name,
      host: data.host,
      createdAt: new Date(data.createdAt),
    });
  }
}
