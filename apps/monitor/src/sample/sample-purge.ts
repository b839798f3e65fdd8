import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '@capsule/database';
import { OrganizationService } from '../organization/organization.service.js';
import { SampleRepository } from './sample.repository.js';

const HOUR_MS = 3_600_000;

/** Hourly: deletes the samples that are older than each organization's plan keeps. */
@Injectable()
export class SamplePurge implements OnModuleDestroy {
  private readonly logger = new Logger(SamplePurge.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly organizations: OrganizationService,
    private readonly samples: SampleRepository,
  ) {}

  start(): void {
    const run = () => this.purgeAll().catch((error: unknown) => this.logger.error(error));
    this.running = run();
    this.timer = setInterval(() => (this.running = run()), HOUR_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  async purgeAll(): Promise<void> {
    for await (const tenantId of this.organizations.allIds()) {
      if (this.stopping) return;
      // One that takes too long must not keep the samples of all after it; it has its next turn in an hour.
      await this.database
        .withTenant(tenantId, (tx) => this.samples.purgeExpired(tx))
        .catch((error: unknown) =>
          this.logger.error(`the samples of ${tenantId} could not be purged`, error),
        );
    }
  }
}
