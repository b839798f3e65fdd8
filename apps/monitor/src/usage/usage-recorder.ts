/**
 * Turns samples into usage for billing.
 *
 * State    `apps.usage_recorded_through` (the end of the last reported window) and, per series, what was counted.
 * Step     every window: apps sampled since their last report are found by id; for each, in one transaction of its
 *          organization, the app is locked, its uncounted samples are counted and remembered, the window is closed and
 *          `monitor.usage.recorded` goes into the outbox.
 * Holds    windows of an app tile without gap or overlap; a sample is counted once; CPU is never lost, because it is
 *          the growth of a counter. Two recorders at once are safe: the second finds the window closed.
 * Crash    before the commit: nothing happened and the app is due again; after it: the outbox has the event.
 */
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { usageRecorded } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';
import { Outbox } from '@capsule/outbox';
import { config, type MonitorSettings } from '../config.js';
import { type DueApp, type Usage, UsageRepository } from './usage.repository.js';

/** Samples come every few seconds and travel a moment; a window is closed when its last ones have surely arrived. */
const GRACE_MS = 5_000;
const BATCH = 200;

@Injectable()
export class UsageRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(UsageRecorder.name);
  private readonly windowMs: number;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    @Inject(config.KEY) settings: MonitorSettings,
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly usage: UsageRepository,
  ) {
    this.windowMs = settings.usageWindowSeconds * 1000;
  }

  start(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Reports every app that is due at `now`. */
  async recordDue(now: Date): Promise<void> {
    const end = new Date(Math.floor((now.getTime() - GRACE_MS) / this.windowMs) * this.windowMs);
    for (;;) {
      const due = await this.database.withoutTenant((tx) => this.usage.findDue(tx, end, BATCH));
      let failed = false;
      for (const app of due) {
        if (this.stopping) return;
        // One app that cannot be counted must not keep the others from billing; it is due again next time.
        await this.record(app, end).catch((error: unknown) => {
          failed = true;
          this.logger.error(error);
        });
      }
      if (failed || due.length < BATCH) return;
    }
  }

  /**
   * Closes the window of an app that is open since its last report: what `count` finds in it is reported, and the next
   * one begins at `end`.
   * @returns false when the app is gone, or was reported up to there already
   */
  async close(
    tx: Transaction,
    appId: string,
    end: Date,
    count: () => Promise<Usage | undefined>,
  ): Promise<boolean> {
    const start = await this.usage.lockRecordedThrough(tx, appId);
    if (start === undefined || start >= end) return false;
    const counted = await count();
    await this.usage.updateRecordedThrough(tx, appId, end);
    if (counted) await this.report(tx, appId, start, end, counted);
    return true;
  }

  private async record({ tenantId, appId }: DueApp, end: Date): Promise<void> {
    await this.database.withTenant(tenantId, (tx) =>
      this.close(tx, appId, end, () => this.usage.count(tx, appId, end)),
    );
  }

  private async report(
    tx: Transaction,
    appId: string,
    start: Date,
    end: Date,
    { cpuSeconds, memoryGibHours }: Usage,
  ): Promise<void> {
    await this.outbox.add(tx, usageRecorded, {
      appId,
      windowStart: start.toISOString(),
      windowEnd: end.toISOString(),
      quantities: [
        { meter: 'cpu_seconds', quantity: cpuSeconds },
        { meter: 'memory_gib_hours', quantity: memoryGibHours },
      ],
    });
  }

  private schedule(): void {
    const sinceWindow = (Date.now() - GRACE_MS) % this.windowMs;
    this.timer = setTimeout(() => {
      this.running = this.recordDue(new Date())
        .catch((error: unknown) => this.logger.error(error))
        .finally(() => {
          if (!this.stopping) this.schedule();
        });
    }, this.windowMs - sinceWindow);
  }
}
