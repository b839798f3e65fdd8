import { Injectable } from '@nestjs/common';
import type { Transaction } from '@capsule/database';

export interface MetricRow {
  at: Date;
  cpu_seconds: number;
  memory_bytes_mean: number;
  memory_bytes_max: number;
}

export interface MetricRange {
  appId: string;
  from: Date;
  to: Date;
  stepSeconds: number;
}

@Injectable()
export class MetricRepository {
  /**
   * One row per step that has samples. A counter's growth belongs to the step of the later of two samples; the
   * sample before the range is read too, so that the first step has its growth. Instances of an app are added up.
   */
  query(tx: Transaction, range: MetricRange): Promise<MetricRow[]> {
    return tx.query<MetricRow>(
      `WITH counted AS (
         SELECT instance_id, sampled_at, memory_bytes,
                cpu_seconds_total - lag(cpu_seconds_total) OVER (PARTITION BY instance_id ORDER BY sampled_at) AS growth
         FROM tenant_samples
         WHERE app_id = $1 AND sampled_at >= $2::timestamptz - interval '1 minute' AND sampled_at < $3::timestamptz
       ), stepped AS (
         SELECT date_bin(make_interval(secs => $4), sampled_at, $2::timestamptz) AS at, instance_id,
                sum(greatest(growth, 0)) AS cpu, avg(memory_bytes)::double precision AS mean, max(memory_bytes) AS peak
         FROM counted
         WHERE sampled_at >= $2::timestamptz
         GROUP BY 1, 2
       )
       SELECT at, coalesce(sum(cpu), 0)::double precision AS cpu_seconds,
              sum(mean)::double precision AS memory_bytes_mean, sum(peak)::double precision AS memory_bytes_max
       FROM stepped
       GROUP BY at
       ORDER BY at`,
      [range.appId, range.from, range.to, range.stepSeconds],
    );
  }
}
