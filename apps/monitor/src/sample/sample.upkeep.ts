import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '@capsule/database';
import { OrganizationService } from '../organization/organization.service.js';
import { SampleRepository } from './sample.repository.js';

const HOUR_MS = 3_600_000;

/** Hourly: makes the partitions of the days ahead and deletes what is older than each organization's plan keeps. */
@Injectable()
export class SampleUpkeep implements OnModuleDestroy {
  private readonly logger = new Logger(SampleUpkeep.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly samples: SampleRepository,
  ) {}

  start(): void {
    this.running = this.upkeep();
    this.timer = setInterval(() => (this.running = this.upkeep()), HOUR_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async upkeep(): Promise<void> {
    try {
      await this.database.withoutTenant((tx) => this.samples.maintainPartitions(tx));
      for await (const tenantId of this.organizations.allIds()) {
        if (this.stopping) return;
        await this.database.withTenant(tenantId, (tx) => this.samples.purgeExpired(tx));
      }
    } catch (error) {
      this.logger.error(error);
    }
  }
}
