import { Injectable } from '@nestjs/common';
import { METRIC_POINTS_MAX, type metricQuery, type RequestOf, type ResponseOf } from '@capsule/contracts';
import { Database } from '@capsule/database';
import { DomainError } from '@capsule/errors';
import { requireTenant } from '@capsule/telemetry';
import { AppService } from '../app/app.service.js';
import { OrganizationService } from '../organization/organization.service.js';
import { MetricRepository } from './metric.repository.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

@Injectable()
export class MetricService {
  constructor(
    private readonly database: Database,
    private readonly apps: AppService,
    private readonly organizations: OrganizationService,
    private readonly metrics: MetricRepository,
  ) {}

  /** @throws DomainError monitor.app.not_found, monitor.range.invalid */
  async query(request: RequestOf<typeof metricQuery>): Promise<ResponseOf<typeof metricQuery>> {
    const to = request.to === undefined ? new Date() : new Date(request.to);
    const from = request.from === undefined ? new Date(to.getTime() - HOUR_MS) : new Date(request.from);
    assertRange(from, to, request.stepSeconds);
    return this.database.withTenant(requireTenant(), async (tx) => {
      await this.apps.require(tx, request.appId);
      const retentionDays = await this.organizations.retentionDays(tx);
      // What the plan no longer keeps is not shown in the time until the purge has deleted it.
      const kept = new Date(Math.max(from.getTime(), Date.now() - retentionDays * DAY_MS));
      const rows =
        kept < to
          ? await this.metrics.query(tx, {
              appId: request.appId,
              from: kept,
              to,
              stepSeconds: request.stepSeconds,
            })
          : [];
      return {
        appId: request.appId,
        from: from.toISOString(),
        to: to.toISOString(),
        stepSeconds: request.stepSeconds,
        retentionDays,
        points: rows.map((row) => ({
          at: row.at.toISOString(),
          cpuSeconds: row.cpu_seconds,
          memoryBytesMean: row.memory_bytes_mean,
          memoryBytesMax: row.memory_bytes_max,
        })),
      };
    });
  }
}

function assertRange(from: Date, to: Date, stepSeconds: number): void {
  if (from >= to) throw new DomainError('monitor.range.invalid', { detail: '`from` must be before `to`.' });
  const points = Math.ceil((to.getTime() - from.getTime()) / 1000 / stepSeconds);
  if (points > METRIC_POINTS_MAX) {
    const detail = `The range has ${points} steps; at most ${METRIC_POINTS_MAX} fit into an answer.`;
    throw new DomainError('monitor.range.invalid', { detail });
  }
}
