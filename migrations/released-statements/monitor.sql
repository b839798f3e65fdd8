-- Statements that the last release of monitor sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere; never by hand. See docs/runbooks/migrations.md.

INSERT INTO activities (tenant_id, id, event_id, type, app_id, deployment_id, summary, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
INSERT INTO apps (tenant_id, id, project_id, name, host, usage_recorded_through) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT pk_apps DO NOTHING;
INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3)
         ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id;
INSERT INTO organizations (tenant_id, name) VALUES ($1, $2)
       ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE SET name = excluded.name;
INSERT INTO organizations (tenant_id, name, metrics_retention_days, entitlements_version) VALUES ($1, '', $2, $3)
       ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE
       SET metrics_retention_days = excluded.metrics_retention_days, entitlements_version = excluded.entitlements_version
       WHERE organizations.entitlements_version < excluded.entitlements_version;
INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5);
INSERT INTO series (tenant_id, app_id, deployment_id, instance_id)
       SELECT $1, input.app_id, input.deployment_id, input.instance_id
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS input (app_id, deployment_id, instance_id)
       JOIN apps ON apps.id = input.app_id
       WHERE NOT EXISTS (SELECT FROM series WHERE series.instance_id = input.instance_id AND series.tenant_id = $1)
       ON CONFLICT ON CONSTRAINT uq_series__tenant_id_instance_id DO NOTHING;
SELECT * FROM current_schema();
SELECT 1 FROM apps WHERE id = $1;
SELECT DISTINCT app_id FROM tenant_samples;
SELECT FROM tenant_samples;
SELECT envelope -> 'data' AS data FROM outbox ORDER BY id;
SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities
       WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (occurred_at, id) < ($2::timestamptz, $3::uuid))
       ORDER BY occurred_at DESC, id DESC
       LIMIT $4;
SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2);
SELECT maintain_sample_partitions();
SELECT metrics_retention_days AS days FROM organizations;
SELECT name FROM apps WHERE id = $1;
SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked;
SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost;
SELECT purge_expired_samples();
SELECT record_samples($1, $2, $3, $4);
SELECT sampled_at AS at FROM tenant_samples;
SELECT tenant_id, app_id FROM find_apps_with_due_usage($1, $2);
SELECT usage_recorded_through AS through FROM apps WHERE id = $1 FOR UPDATE;
SELECT version();
UPDATE apps SET last_sample_at = greatest(last_sample_at, $2, usage_recorded_through) WHERE id = ANY ($1::uuid[]);
UPDATE apps SET usage_recorded_through = $2 WHERE id = $1;
UPDATE series SET last_sample_at = $2
       WHERE instance_id = ANY ($1::uuid[]) AND (last_sample_at < $2 OR last_sample_at IS NULL);
WITH counted AS (
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
       ORDER BY at;
WITH fresh AS (
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
       FROM counted;
