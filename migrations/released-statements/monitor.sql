-- Statements that the last release of monitor sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
--   ck_idempotent_requests__key ck_idempotent_requests__request_hash ck_migration_digests__sha256
--   ck_organizations__retention ck_outbox__envelope ck_outbox__published ck_service_configuration__service
--   ck_service_configuration__settings ck_tenants__active ck_tenants__domain ck_tenants__failed ck_tenants__metadata
--   ck_tenants__schema_name ck_tenants__state ck_waiting_members__role dead_letter_list find_apps_with_due_usage
--   find_organizations keep_history maintain_sample_partitions move_waiting_members outbox_claim outbox_depth
--   outbox_mark_failed outbox_mark_published outbox_republish_lost outbox_republished_since purge_expired_samples
--   purge_history record_samples refuse_another_schema set_schema_version set_updated_at tenant_find_by_domain
--   tenant_find_by_schema tenant_schema_version tenant_set_schema_version tenants_after tenants_by_state tenants_due
--   wake_provisioner

INSERT INTO activities (tenant_id, id, event_id, type, app_id, deployment_id, summary, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
INSERT INTO apps (tenant_id, id, project_id, name, host, usage_recorded_through) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT pk_apps DO NOTHING;
INSERT INTO idempotent_requests (tenant_id, operation, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id;
INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3);
INSERT INTO organizations (tenant_id, name) VALUES ($1, $2)
         ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE SET name = excluded.name;
INSERT INTO organizations (tenant_id, name, plan, metrics_retention_days, entitlements_version)
         VALUES ($1, '', $2, $3, $4)
         ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE
         SET plan = excluded.plan, metrics_retention_days = excluded.metrics_retention_days,
             entitlements_version = excluded.entitlements_version
         WHERE organizations.entitlements_version < excluded.entitlements_version;
INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5);
INSERT INTO series (tenant_id, app_id, deployment_id, instance_id)
       SELECT $1, input.app_id, input.deployment_id, input.instance_id
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS input (app_id, deployment_id, instance_id)
       JOIN apps ON apps.id = input.app_id
       WHERE NOT EXISTS (SELECT FROM series WHERE series.instance_id = input.instance_id AND series.tenant_id = $1)
       ON CONFLICT ON CONSTRAINT uq_series__tenant_id_instance_id DO NOTHING;
INSERT INTO tenants (id, name, domain, schema_name, plan)
         SELECT $1::uuid, $2, $3, 'tenant_' || replace($1::uuid::text, '-', ''),
                (SELECT plan FROM organizations WHERE tenant_id = $1::uuid)
         ON CONFLICT ON CONSTRAINT pk_tenants DO UPDATE SET name = excluded.name;
INSERT INTO waiting_members (tenant_id, user_id, email, name, role, joined_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT pk_waiting_members DO UPDATE
         SET email = excluded.email, name = excluded.name, role = excluded.role;
SELECT * FROM current_schema();
SELECT 1 FROM apps WHERE id = $1;
SELECT DISTINCT app_id FROM tenant_samples;
SELECT FROM tenant_samples;
SELECT FROM unnest($1::uuid[]) AS wanted (id) WHERE NOT EXISTS (SELECT FROM apps a WHERE a.id = wanted.id);
SELECT FROM waiting_members;
SELECT envelope -> 'data' AS data FROM outbox ORDER BY id;
SELECT id FROM tenants;
SELECT id, name, domain, schema_name AS "schemaName", plan, is_active AS "isActive", state, metadata
         FROM tenants WHERE id = $1;
SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities WHERE tenant_id = $1 AND (occurred_at, id) < ($3::timestamptz, $4::uuid) ORDER BY occurred_at DESC, id DESC LIMIT $2;
SELECT id, type, app_id, deployment_id, summary, occurred_at FROM activities WHERE tenant_id = $1 ORDER BY occurred_at DESC, id DESC LIMIT $2;
SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2);
SELECT maintain_sample_partitions();
SELECT metrics_retention_days AS days FROM organizations;
SELECT name FROM apps WHERE id = $1;
SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked;
SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost;
SELECT pg_advisory_xact_lock_shared(hashtext('waiting_members'), hashtext($1::uuid::text));
SELECT purge_expired_samples();
SELECT record_samples($1, $2, $3, $4);
SELECT request_hash AS "requestHash", response FROM idempotent_requests WHERE operation = $1 AND key = $2 AND tenant_id = $3;
SELECT sampled_at AS at FROM tenant_samples;
SELECT set_config('app.tenant_id', $1, true), set_config('app.actor_id', $2, true), set_config('app.request_id', $3, true);
SELECT tenant_find_by_domain($1) AS id;
SELECT tenant_id, app_id FROM find_apps_with_due_usage($1, $2);
SELECT usage_recorded_through AS through FROM apps WHERE id = $1 FOR UPDATE;
SELECT user_id AS id FROM waiting_members;
SELECT version();
UPDATE apps SET last_sample_at = greatest(last_sample_at, $2, usage_recorded_through) WHERE id = ANY ($1::uuid[]);
UPDATE apps SET usage_recorded_through = $2 WHERE id = $1;
UPDATE idempotent_requests SET response = $2 WHERE id = $1;
UPDATE series SET last_sample_at = $2
       WHERE instance_id = ANY ($1::uuid[]) AND (last_sample_at < $2 OR last_sample_at IS NULL);
UPDATE tenants SET plan = $2
         WHERE id = $1 AND plan <> $2
           AND EXISTS (SELECT FROM organizations WHERE tenant_id = $1 AND entitlements_version = $3);
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
