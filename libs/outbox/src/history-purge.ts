import { Injectable, Logger } from '@nestjs/common';
import { Database } from '@capsule/database';

const INTERVAL_MS = 60 * 60 * 1000;
const ROWS_AT_ONCE = 1_000;

/** Deletes hourly what is past its retention (see purge_history in the platform's migration), in small portions. */
@Injectable()
export class HistoryPurge {
  private readonly logger = new Logger(HistoryPurge.name);
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly database: Database) {}

  start(): void {
    this.timer = setInterval(() => (this.current = this.purge()), INTERVAL_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.current;
  }

  private async purge(): Promise<void> {
    try {
      let deleted = ROWS_AT_ONCE;
      while (deleted >= ROWS_AT_ONCE && !this.stopped) deleted = await this.purgeOnce();
    } catch (error) {
      this.logger.warn('could not delete old history, trying again in an hour', error);
    }
  }

  private async purgeOnce(): Promise<number> {
    const rows = await this.database.withoutTenant((tx) =>
      tx.query<{ deleted: number }>('SELECT purge_history($1) AS deleted', [ROWS_AT_ONCE]),
    );
    return rows[0]?.deleted ?? 0;
  }
}
