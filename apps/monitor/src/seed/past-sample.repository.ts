import type { Transaction } from '@capsule/database';
import type { PastSample } from './load-history.js';

/** Samples of the past whose usage is reported by whoever writes them: the recorder must not count them again. */
export class PastSampleRepository {
  /** Series and samples of an app. @returns how many samples were not there yet */
  async insert(tx: Transaction, appId: string, samples: readonly PastSample[]): Promise<number> {
    const instances = samples.map(({ instanceId }) => instanceId);
    const times = samples.map(({ sampledAt }) => sampledAt);
    await tx.query(
      `INSERT INTO series (tenant_id, app_id, deployment_id, instance_id)
       SELECT DISTINCT $1::uuid, $2::uuid, input.deployment_id, input.instance_id
       FROM unnest($3::uuid[], $4::uuid[]) AS input (deployment_id, instance_id)
       ON CONFLICT ON CONSTRAINT uq_series__tenant_id_instance_id DO NOTHING`,
      [tx.tenantId, appId, samples.map(({ deploymentId }) => deploymentId), instances],
    );
    const [row] = await tx.query<{ stored: number }>(
      `SELECT coalesce(sum(record_samples(ARRAY[input.instance_id], input.sampled_at, ARRAY[input.cpu_seconds_total],
                                          ARRAY[input.memory_bytes])), 0)::integer AS stored
       FROM unnest($1::uuid[], $2::timestamptz[], $3::float8[], $4::bigint[])
         AS input (instance_id, sampled_at, cpu_seconds_total, memory_bytes)`,
      [
        instances,
        times,
        samples.map(({ cpuSecondsTotal }) => cpuSecondsTotal),
        samples.map(({ memoryBytes }) => memoryBytes),
      ],
    );
    return row?.stored ?? 0;
  }

  /** Marks everything of these samples as counted. */
  async updateCounted(tx: Transaction, samples: readonly PastSample[]): Promise<void> {
    await tx.query(
      `UPDATE series SET last_sample_at = newest.sampled_at, recorded_through = newest.sampled_at,
                         recorded_cpu_seconds = newest.cpu_seconds_total
       FROM (
         SELECT DISTINCT ON (instance_id) * FROM unnest($1::uuid[], $2::timestamptz[], $3::float8[])
           AS input (instance_id, sampled_at, cpu_seconds_total)
         ORDER BY instance_id, sampled_at DESC
       ) AS newest
       WHERE series.instance_id = newest.instance_id`,
      [
        samples.map(({ instanceId }) => instanceId),
        samples.map(({ sampledAt }) => sampledAt),
        samples.map(({ cpuSecondsTotal }) => cpuSecondsTotal),
      ],
    );
  }
}
