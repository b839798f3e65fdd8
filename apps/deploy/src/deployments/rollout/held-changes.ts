import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@capsule/database';
import { AppService } from '../../apps/app.service.js';
import type { HeldWork } from '../../work/work-handlers.js';
import { WorkQueue } from '../../work/work-queue.js';

/** How whoever works on a deployment or an instance writes down what came of it. */
@Injectable()
export class HeldChanges {
  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly queue: WorkQueue,
  ) {}

  /**
   * Runs `change` while nobody else changes what is in service of the app, and nobody else can have the work in hand.
   * The locks are taken in the order that everybody keeps: app, work item.
   * @throws LeaseLost
   */
  inApp<T>(
    work: HeldWork,
    { appId }: { appId: string },
    change: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.database.withTenant(work.tenantId, async (tx) => {
      await this.apps.lock(tx, appId);
      await this.queue.hold(tx, work.subjectId, work.holder);
      return change(tx);
    });
  }
}
