import { Injectable } from '@nestjs/common';
import {
  type KeysetList,
  type NumberedPage,
  type PageRequest,
  Pagination,
  type Transaction,
  uuidv7,
} from '@capsule/database';

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

const ACTIVITIES: KeysetList<ActivityRow> = {
  name: 'monitor.activities',
  select: 'SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities',
  table: 'activities',
  where: 'tenant_id = $1',
  instant: 'occurred_at',
  id: 'id',
  order: 'newest first',
  positionOf: (row) => ({ instant: row.occurred_at, id: row.id }),
};

@Injectable()
export class ActivityRepository {
  constructor(private readonly pagination: Pagination) {}

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

  /** @throws DomainError platform.cursor.invalid */
  list<Item>(
    tx: Transaction,
    page: PageRequest,
    view: (row: ActivityRow) => Item,
  ): Promise<NumberedPage<Item>> {
    return this.pagination.read(tx, ACTIVITIES, [tx.tenantId], page, view);
  }
}
