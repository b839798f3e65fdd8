import { Injectable } from '@nestjs/common';
import { type Transaction, uuidv7 } from '@capsule/database';

export interface NewActivity {
  eventId: string;
  type: string;
  appId: string | null;
  deploymentId: string | null;
  summary: string;
  occurredAt: string;
}

export interface ActivityRow {
  id: string;
  type: string;
  app_id: string | null;
  deployment_id: string | null;
  summary: string;
  occurred_at: Date;
}

/** Where the next page begins: after this row, in the order of the list. */
export interface ActivityPosition {
  occurredAt: string;
  id: string;
}

@Injectable()
export class ActivityRepository {
  async insert(tx: Transaction, activity: NewActivity): Promise<void> {
    await tx.query(
      `INSERT INTO activities (tenant_id, id, event_id, type, app_id, deployment_id, summary, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        tx.tenantId,
        uuidv7(),
        activity.eventId,
        activity.type,
        activity.appId,
        activity.deploymentId,
        activity.summary,
        activity.occurredAt,
      ],
    );
  }

  list(tx: Transaction, after: ActivityPosition | undefined, limit: number): Promise<ActivityRow[]> {
    // The context's id in words, though the policy adds it: it lets the index give the rows in order.
    return tx.query<ActivityRow>(
      `SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities
       WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (occurred_at, id) < ($2::timestamptz, $3::uuid))
       ORDER BY occurred_at DESC, id DESC
       LIMIT $4`,
      [tx.tenantId, after?.occurredAt ?? null, after?.id ?? null, limit],
    );
  }
}
