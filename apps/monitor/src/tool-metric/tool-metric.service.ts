import { Injectable } from '@nestjs/common';
import { type RequestOf, type ResponseOf, toolMetricCreate, type toolMetricList } from '@capsule/contracts';
import { IdempotentRequests } from '@capsule/outbox';
import { TenantSchemaService } from '../tenant/tenant-schema.service.js';
import { WorkSessionService } from '../work-session/work-session.service.js';
import { ToolMetricRepository, type ToolMetricRow } from './tool-metric.repository.js';

type ToolMetric = ResponseOf<typeof toolMetricCreate>;

/** Every method also throws what TenantSchemaService.enter throws. */
@Injectable()
export class ToolMetricService {
  constructor(
    private readonly schemas: TenantSchemaService,
    private readonly sessions: WorkSessionService,
    private readonly metrics: ToolMetricRepository,
    private readonly idempotent: IdempotentRequests,
  ) {}

  /** @throws DomainError monitor.work_session.not_found */
  create(request: RequestOf<typeof toolMetricCreate>): Promise<ToolMetric> {
    return this.schemas.enter((tx, tables) =>
      this.idempotent.once(tx, toolMetricCreate.subject, request, async () => {
        await this.sessions.requireOwn(tx, tables, request.workSessionId);
        const usedAt = new Date(request.usedAt ?? Date.now());
        return viewOf(await this.metrics.insert(tx, tables, { ...request, usedAt }));
      }),
    );
  }

  /** @throws DomainError monitor.work_session.not_found, platform.cursor.invalid */
  list(request: RequestOf<typeof toolMetricList>): Promise<ResponseOf<typeof toolMetricList>> {
    const { workSessionId } = request;
    return this.schemas.enter(async (tx, tables) => {
      if (workSessionId !== undefined) await this.sessions.requireKnown(tx, tables, workSessionId);
      return this.metrics.list(tx, tables, request, viewOf);
    });
  }
}

function viewOf({ id, workSessionId, tool, durationMs, succeeded, usedAt }: ToolMetricRow): ToolMetric {
  return { id, workSessionId, tool, durationMs, succeeded, usedAt: usedAt.toISOString() };
}
