import { Injectable } from '@nestjs/common';
import type { DataOf, instancesSampled } from '@capsule/contracts';
import type { Transaction } from '@capsule/database';

type Samples = DataOf<typeof instancesSampled>['samples'];

@Injectable()
export class SampleRepository {
  /**
   * Stores one look at an organization's instances. Samples of apps not known here yet are passed over: the event of
   * their creation is on the way, and the next sample comes in seconds.
   */
  async record(tx: Transaction, sampledAt: string, samples: Samples): Promise<void> {
    const instanceIds = samples.map((sample) => sample.instanceId);
    await tx.query(
      `INSERT INTO series (tenant_id, app_id, deployment_id, instance_id)
       SELECT $1, input.app_id, input.deployment_id, input.instance_id
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS input (app_id, deployment_id, instance_id)
       JOIN apps ON apps.id = input.app_id
       WHERE NOT EXISTS (SELECT FROM series WHERE series.instance_id = input.instance_id AND series.tenant_id = $1)
       ON CONFLICT ON CONSTRAINT uq_series__tenant_id_instance_id DO NOTHING`,
      [
        tx.tenantId,
        samples.map((sample) => sample.appId),
        samples.map((sample) => sample.deploymentId),
        instanceIds,
      ],
    );
    await tx.query('SELECT record_samples($1, $2, $3, $4)', [
      instanceIds,
      sampledAt,
      samples.map((sample) => sample.cpuSecondsTotal),
      samples.map((sample) => sample.memoryBytes),
    ]);
    await tx.query(
      `UPDATE series SET last_sample_at = $2
       WHERE instance_id = ANY ($1::uuid[]) AND (last_sample_at < $2 OR last_sample_at IS NULL)`,
      [instanceIds, sampledAt],
    );
    // A sample that comes after its window was closed makes the app due again, or its usage would be lost.
    await tx.query(
      `UPDATE apps SET last_sample_at = greatest(last_sample_at, $2, usage_recorded_through) WHERE id = ANY ($1::uuid[])`,
      [[...new Set(samples.map((sample) => sample.appId))], sampledAt],
    );
  }

  async purgeExpired(tx: Transaction): Promise<void> {
    await tx.query('SELECT purge_expired_samples()');
  }
}
