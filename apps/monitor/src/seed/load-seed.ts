import type { SeedApp } from '@capsule/contracts';
import type { Database, Transaction } from '@capsule/database';
import type { OrganizationService } from '../organization/organization.service.js';
import type { UsageRecorder } from '../usage/usage-recorder.js';
import { loadOf, type PastDay } from './load-history.js';
import type { PastSampleRepository } from './past-sample.repository.js';

const DAY_MS = 86_400_000;

/**
 * Samples of an app and the usage they come to, a day at a time: samples, the event for billing, and the mark up to
 * when the app's usage is reported commit together. The mark is the recorder's own, so windows tile with those that it
 * reports later, and a run that was killed goes on with the next day.
 */
export class LoadSeed {
  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly recorder: UsageRecorder,
    private readonly samples: PastSampleRepository,
    private readonly days: readonly Date[],
  ) {}

  /** @returns how many samples it wrote */
  async seed(tenantId: string, app: SeedApp): Promise<number> {
    const retentionDays = await this.database.withTenant(tenantId, (tx) =>
      this.organizations.retentionDays(tx),
    );
    // The purge would only take older ones away again.
    const keptFrom = Date.now() - retentionDays * DAY_MS;
    let written = 0;
    for (const day of loadOf(app, this.days)) {
      const isKept = day.start.getTime() > keptFrom;
      written += await this.database.withTenant(tenantId, (tx) => this.seedDay(tx, app.id, day, isKept));
    }
    return written;
  }

  private async seedDay(tx: Transaction, appId: string, day: PastDay, isKept: boolean): Promise<number> {
    let written = 0;
    await this.recorder.close(tx, appId, day.end, async () => {
      if (day.samples.length === 0) return undefined;
      if (isKept) written = await this.samples.insert(tx, appId, day.samples);
      await this.samples.updateCounted(tx, day.samples);
      return day;
    });
    return written;
  }
}
