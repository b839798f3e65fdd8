import { Injectable } from '@nestjs/common';
import type { activityList, RequestOf, ResponseOf } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { requireTenant } from '@capsule/telemetry';
import { ActivityRepository, type ActivityRow } from './activity.repository.js';

type ActivityPage = ResponseOf<typeof activityList>;

@Injectable()
export class ActivityService {
  constructor(
    private readonly database: Database,
    private readonly activities: ActivityRepository,
  ) {}

  /** @throws DomainError platform.cursor.invalid */
  list(page: RequestOf<typeof activityList>): Promise<ActivityPage> {
    return this.database.withTenant(requireTenant(), (tx) => this.activities.list(tx, page, viewOf));
  }
}

function viewOf(row: ActivityRow): ActivityPage['items'][number] {
  return {
    id: row.id,
    type: row.type,
    appId: row.app_id,
    deploymentId: row.deployment_id,
    summary: row.summary,
    occurredAt: row.occurred_at.toISOString(),
  };
}
