import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';

export interface DueApp {
  tenantId: string;
  appId: string;
}

export interface Usage {
  cpuSeconds: string;
  memoryGibHours: string;
}

/** Without samples for longer than this nobody knows that the instance ran, so the time is not charged. */
const LONGEST_GAP_SECONDS = 60;

@Injectable()
export class UsageRepository {
  /** Apps sampled since their last report, whose report ends before `before`; over all tenants, so ids only. */
  async findDue(tx: Transaction, before: Date, limit: number): Promise<DueApp[]> {
    const rows = await tx.query<{ tenant_id: string; app_id: string }>(
      'SELECT tenant_id, app_id FROM find_apps_with_due_usage($1, $2)',
      [before, limit],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, appId: row.app_id }));
  }

  /** Locks the app until the transaction ends. @returns up to when usage has been reported, or undefined when it is gone */
  async lockRecordedThrough(tx: Transaction, appId: string): Promise<Date | undefined> {
    const [row] = await tx.query<{ through: Date }>(
      'SELECT usage_recorded_through AS through FROM apps WHERE id = $1 FOR UPDATE',
      [appId],
    );
    return row?.through;
  }

  async updateRecordedThrough(tx: Transaction, appId: string, through: Date): Promise<void> {
    await tx.query('UPDATE apps SET usage_recorded_through = $2 WHERE id = $1', [appId, through]);
  }

  /**
   * Counts each series' samples before `end` that were not counted yet, and remembers them as counted. CPU is the
   * growth of the counter since the last counted sample, so a late sample is never lost, only reported later. Memory
   * is integrated by trapezoids between neighbouring samples.
   * @returns undefined when there was nothing to count
   */
  async count(tx: Transaction, appId: string, end: Date): Promise<Usage | undefined> {
    const [row] = await tx.query<{
      cpu_seconds: string | null;
      memory_gib_hours: string | null;
      samples: number;
    }>(
      `WITH fresh AS (
         SELECT own.id, own.recorded_cpu_seconds, own.recorded_through, sample.sampled_at, sample.cpu_seconds_total,
                sample.memory_bytes, lag(sample.sampled_at) OVER past AS previous_at,
                lag(sample.memory_bytes) OVER past AS previous_bytes
         FROM series AS own
         JOIN tenant_samples AS sample ON sample.series_id = own.id
           AND sample.sampled_at >= coalesce(own.recorded_through, '-infinity') AND sample.sampled_at < $2
         WHERE own.app_id = $1 AND (own.recorded_through IS NULL OR own.last_sample_at > own.recorded_through)
         WINDOW past AS (PARTITION BY own.id ORDER BY sample.sampled_at)
       ), counted AS (
         SELECT id, count(*) FILTER (WHERE sampled_at > coalesce(recorded_through, '-infinity')) AS samples,
                greatest(max(cpu_seconds_total) - min(recorded_cpu_seconds), 0) AS cpu_seconds,
                max(cpu_seconds_total) AS cpu_through, max(sampled_at) AS through,
                sum((memory_bytes::numeric + previous_bytes) / 2
                  * least(extract(epoch FROM sampled_at - previous_at), $3)) AS byte_seconds
         FROM fresh GROUP BY id
       ), remembered AS (
         UPDATE series
         SET recorded_cpu_seconds = greatest(series.recorded_cpu_seconds, counted.cpu_through),
             recorded_through = counted.through
         FROM counted WHERE series.id = counted.id AND counted.samples > 0
       )
       SELECT round(sum(cpu_seconds)::numeric, 9)::text AS cpu_seconds,
              round(coalesce(sum(byte_seconds), 0) / (1024::numeric ^ 3 * 3600), 9)::text AS memory_gib_hours,
              coalesce(sum(samples), 0)::integer AS samples
       FROM counted`,
      [appId, end, LONGEST_GAP_SECONDS],
    );
    if (!row || row.samples === 0) return undefined;
    return { cpuSeconds: row.cpu_seconds ?? '0', memoryGibHours: row.memory_gib_hours ?? '0' };
  }
}
