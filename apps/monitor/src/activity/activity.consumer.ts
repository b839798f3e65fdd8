import { Injectable } from '@nestjs/common';
import {
  appCreated,
  type DataOf,
  deploymentCreated,
  deploymentEnded,
  deploymentFailed,
  deploymentWentLive,
  type EventEnvelope,
} from '@capsule/contracts';
import type { Transaction } from '@capsule/database';
import { OnEvent } from '@capsule/outbox';
import { AppService } from '../app/app.service.js';
import { ActivityRepository } from './activity.repository.js';

type DeploymentEvent = EventEnvelope<DataOf<typeof deploymentCreated>>;

/** One entry of the timeline for each event that concerns people. */
@Injectable()
export class ActivityConsumer {
  constructor(
    private readonly activities: ActivityRepository,
    private readonly apps: AppService,
  ) {}

  @OnEvent(appCreated)
  async onAppCreated(event: EventEnvelope<DataOf<typeof appCreated>>, tx: Transaction): Promise<void> {
    await this.activities.insert(tx, {
      eventId: event.id,
      type: event.type,
      appId: event.data.appId,
      deploymentId: null,
      summary: `${event.data.name} was created`,
      occurredAt: event.data.createdAt,
    });
  }

  @OnEvent(deploymentCreated)
  async onDeploymentCreated(event: DeploymentEvent, tx: Transaction): Promise<void> {
    await this.record(event, tx, (app) => `A deployment of ${app} was requested`);
  }

  @OnEvent(deploymentWentLive)
  async onDeploymentWentLive(event: DeploymentEvent, tx: Transaction): Promise<void> {
    await this.record(event, tx, (app) => `A deployment of ${app} went live`);
  }

  @OnEvent(deploymentFailed)
  async onDeploymentFailed(
    event: EventEnvelope<DataOf<typeof deploymentFailed>>,
    tx: Transaction,
  ): Promise<void> {
    const reason = event.data.failure.reason.replaceAll('_', ' ');
    await this.record(event, tx, (app) => `A deployment of ${app} failed: ${reason}`);
  }

  @OnEvent(deploymentEnded)
  async onDeploymentEnded(
    event: EventEnvelope<DataOf<typeof deploymentEnded>>,
    tx: Transaction,
  ): Promise<void> {
    await this.record(event, tx, (app) => `A deployment of ${app} was ${event.data.state}`);
  }

  private async record(
    event: DeploymentEvent,
    tx: Transaction,
    summarize: (app: string) => string,
  ): Promise<void> {
    const { appId, deploymentId, occurredAt } = event.data;
    const summary = summarize(await this.apps.nameOf(tx, appId));
    await this.activities.insert(tx, {
      eventId: event.id,
      type: event.type,
      appId,
      deploymentId,
      summary,
      occurredAt,
    });
  }
}
