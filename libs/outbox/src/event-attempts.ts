import { Injectable } from '@nestjs/common';
import type { EventEnvelope } from '@capsule/contracts';
import { Database, type Transaction } from '@capsule/database';

const BEGIN = `
  INSERT INTO event_attempts AS known (consumer, event_id, tenant_id, used, is_begun) VALUES ($1, $2, $3, 1, true)
  ON CONFLICT (consumer, event_id) DO UPDATE SET used = known.used + 1, is_begun = true WHERE NOT known.is_begun`;
const FIND = 'SELECT used FROM event_attempts WHERE consumer = $1 AND event_id = $2';
const BEGIN_ANOTHER = 'UPDATE event_attempts SET used = used + 1 WHERE consumer = $1 AND event_id = $2';
const END = `
  INSERT INTO event_attempts AS known (consumer, event_id, tenant_id, used, is_begun) VALUES ($1, $2, $3, $4, false)
  ON CONFLICT (consumer, event_id)
    DO UPDATE SET used = known.used - known.is_begun::integer + excluded.used, is_begun = false
  RETURNING used`;
const FORGET = 'DELETE FROM event_attempts WHERE consumer = $1 AND event_id = $2';

/**
 * The attempts at events that were not handled at once. The stream's count of deliveries is no measure for them: it
 * also grows while the database is away. An attempt is on record before its handler runs, so that it counts although
 * the handler ends its process; only the first of all is not, which nearly always succeeds.
 */
@Injectable()
export class EventAttempts {
  constructor(private readonly database: Database) {}

  /** @returns false, and nothing has begun, when the last attempt has begun and was never seen to end */
  begin(consumer: string, event: EventEnvelope): Promise<boolean> {
    return this.inTenantOf(
      event,
      async (tx) => (await tx.execute(BEGIN, [consumer, event.id, tx.tenantId])) > 0,
    );
  }

  /**
   * Begins another after one that was never seen to end.
   * @returns how many were used before; when those are as many as are allowed, nothing has begun
   */
  beginAnother(consumer: string, event: EventEnvelope, allowed: number): Promise<number> {
    return this.inTenantOf(event, async (tx) => {
      const [found] = await tx.query<{ used: number }>(FIND, [consumer, event.id]);
      const used = found?.used ?? 0;
      if (used < allowed) await tx.execute(BEGIN_ANOTHER, [consumer, event.id]);
      return used;
    });
  }

  /**
   * Puts on record that an attempt failed.
   * @param weight as how many it counts against the event
   * @returns how many are used now
   */
  end(consumer: string, event: EventEnvelope, weight: number): Promise<number> {
    return this.inTenantOf(event, async (tx) => {
      const [row] = await tx.query<{ used: number }>(END, [consumer, event.id, tx.tenantId, weight]);
      return row?.used ?? weight;
    });
  }

  /** To be called in the transaction that settles the event. */
  async forget(tx: Transaction, consumer: string, eventId: string): Promise<void> {
    await tx.execute(FORGET, [consumer, eventId]);
  }

  private inTenantOf<T>({ tenantid }: EventEnvelope, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return tenantid === undefined
      ? this.database.withoutTenant(work)
      : this.database.withTenant(tenantid, work);
  }
}
