import { Injectable } from '@nestjs/common';
import type { activityList, RequestOf, ResponseOf } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { requireTenant } from '@capsule/telemetry';
import { decodeCursor, encodeCursor } from './activity.cursor.js';
import { ActivityRepository } from './activity.repository.js';

@Injectable()
export class ActivityService {
  constructor(
    private readonly database: Database,
    private readonly activities: ActivityRepository,
  ) {}

  async list({ limit, cursor }: RequestOf<typeof activityList>): Promise<ResponseOf<typeof activityList>> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await this.database.withTenant(requireTenant(), (tx) =>
      this.activities.list(tx, after, limit + 1),
    );
    const items = rows.slice(0, limit).map((row) => ({
      id: row.id,
      type: row.type,
      appId: row.app_id,
      deploymentId: row.deployment_id,
      summary: row.summary,
      occurredAt: row.occurred_at.toISOString(),
    }));
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
  }
}
