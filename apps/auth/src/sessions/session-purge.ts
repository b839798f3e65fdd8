import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Database } from '@capsule/database';
import { SessionRepository } from './session.repository.js';

const INTERVAL_MS = 60 * 60 * 1000;
const SESSIONS_AT_ONCE = 1_000;

/**
 * Deletes hourly the sessions that expired a day ago or earlier, in small portions, each organization's in a
 * transaction of its own. A crash leaves the rest to the next hour; two processes at once delete what they find first.
 */
@Injectable()
export class SessionPurge implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SessionPurge.name);
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly sessions: SessionRepository,
  ) {}

  start(): void {
    this.timer = setInterval(() => (this.current = this.run()), INTERVAL_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.current;
  }

  async purge(): Promise<void> {
    let found = SESSIONS_AT_ONCE;
    while (found >= SESSIONS_AT_ONCE && !this.stopped) found = await this.purgeOnce();
  }

  private async run(): Promise<void> {
    await this.purge().catch((error: unknown) =>
      this.logger.warn('could not delete expired sessions, trying again in an hour', error),
    );
  }

  private async purgeOnce(): Promise<number> {
    const expired = await this.database.withoutTenant((tx) =>
      this.sessions.findExpired(tx, SESSIONS_AT_ONCE),
    );
    for (const tenantId of new Set(expired.map((session) => session.tenantId))) {
      if (this.stopped) break;
      const ids = expired
        .filter((session) => session.tenantId === tenantId)
        .map(({ sessionId }) => sessionId);
      await this.database.withTenant(tenantId, (tx) => this.sessions.deleteExpired(tx, ids));
    }
    return expired.length;
  }
}
