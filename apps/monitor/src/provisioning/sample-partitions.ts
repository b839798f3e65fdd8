import type { MigrationSession } from '@capsule/database/migrations';
import type { Logger } from '@capsule/telemetry';

const HOUR_MS = 3_600_000;
/** After a failure: the days ahead leave time, and whoever holds the tables is to have gone. */
const AGAIN_MS = 60_000;

/**
 * The partitions of the samples, made for the days ahead and dropped when no plan reaches back to them. That is DDL, so it is
 * the owner's and not the service's. While nobody does it, samples go to the default partition: none is lost.
 */
export class SamplePartitions {
  private dueAt = 0;

  constructor(private readonly logger: Logger) {}

  /** Hourly; does nothing in between. Somebody who holds the tables is not waited for. */
  async maintain({ client }: MigrationSession): Promise<void> {
    if (Date.now() < this.dueAt) return;
    this.dueAt = Date.now() + HOUR_MS;
    try {
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = '2s'; SELECT public.maintain_sample_partitions(); COMMIT`,
      );
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      this.dueAt = Date.now() + AGAIN_MS;
      this.logger.error(
        { err: error, againInMs: AGAIN_MS },
        'The partitions of samples could not be maintained',
      );
    }
  }
}
