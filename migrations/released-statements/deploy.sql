-- Statements that the last release of deploy sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
--   archive_find_unneeded archive_upload_find_expired artifact_find_expired artifact_find_unneeded
--   check_deployment_transition ck_apps__host ck_apps__memory_limit_bytes ck_artifacts__digest ck_artifacts__state
--   ck_deployment_steps__outcome ck_deployments__ended_at ck_deployments__failure ck_deployments__live_at
--   ck_deployments__source ck_deployments__state ck_edge_state__id ck_idempotent_requests__key
--   ck_idempotent_requests__request_hash ck_instances__memory_limit ck_instances__routed ck_instances__state
--   ck_migration_digests__sha256 ck_organizations__tenant_id ck_outbox__envelope ck_outbox__published ck_quotas__limits
--   ck_service_configuration__service ck_service_configuration__settings ck_work_items__kind dead_letter_list
--   edge_routes instance_locate instance_reconcile keep_history log_find_expired outbox_claim outbox_depth
--   outbox_mark_failed outbox_mark_published outbox_republish_lost outbox_republished_since purge_history
--   set_schema_version set_updated_at work_claim work_extend work_release work_repair

DELETE FROM work_items WHERE subject_id = $1;
INSERT INTO "deployments"("id", "created_at", "updated_at", "created_by", "updated_by", "tenant_id", "project_id", "app_id", "number", "state", "source_type", "archive_id", "archive_size_bytes", "archive_deleted_at", "source_digest", "git_url", "git_ref", "git_commit", "rollback_of", "artifact_id", "failure_reason", "failure_detail", "cancel_requested_at", "live_at", "ended_at") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $2, $3, $4, $5, $6, $7, $8, $9, DEFAULT, $10, $11, $12, $13, $14, $15, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "id", "created_at", "updated_at", "created_by", "updated_by", "state";
INSERT INTO "deployments"("id", "created_at", "updated_at", "created_by", "updated_by", "tenant_id", "project_id", "app_id", "number", "state", "source_type", "archive_id", "archive_size_bytes", "archive_deleted_at", "source_digest", "git_url", "git_ref", "git_commit", "rollback_of", "artifact_id", "failure_reason", "failure_detail", "cancel_requested_at", "live_at", "ended_at") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $2, $3, $4, $5, $6, $7, $8, $9, DEFAULT, $10, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "id", "created_at", "updated_at", "created_by", "updated_by", "state";
INSERT INTO "deployments"("id", "created_at", "updated_at", "created_by", "updated_by", "tenant_id", "project_id", "app_id", "number", "state", "source_type", "archive_id", "archive_size_bytes", "archive_deleted_at", "source_digest", "git_url", "git_ref", "git_commit", "rollback_of", "artifact_id", "failure_reason", "failure_detail", "cancel_requested_at", "live_at", "ended_at") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $2, $3, $4, $5, $6, $7, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $8, $9, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "id", "created_at", "updated_at", "created_by", "updated_by", "state";
INSERT INTO "instances"("id", "created_at", "updated_at", "created_by", "updated_by", "tenant_id", "app_id", "deployment_id", "state", "routed", "address_host", "address_port", "memory_limit", "restarts", "observed_at", "healthy_at", "drain_until", "exited_at", "exit_detail") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $2, $3, $4, $5, $6, DEFAULT, DEFAULT, $7, $8, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "id", "created_at", "updated_at", "created_by", "updated_by", "state", "routed", "restarts";
INSERT INTO "projects"("id", "created_at", "updated_at", "created_by", "updated_by", "tenant_id", "name") VALUES ($1, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $2, $3) RETURNING "id", "created_at", "updated_at", "created_by", "updated_by";
INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, command, memory_limit_bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT uq_apps__host DO NOTHING RETURNING id;
INSERT INTO artifacts AS a (id, tenant_id, app_id, storage_key, digest, size_bytes)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT ON CONSTRAINT uq_artifacts__storage_key DO UPDATE SET deleted_at = a.deleted_at
       RETURNING id, deleted_at IS NOT NULL AS deleted;
INSERT INTO deployment_steps (id, tenant_id, deployment_id, step, attempt, deadline_at)
         VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6));
INSERT INTO idempotent_requests (tenant_id, operation, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id;
INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3)
         ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id;
INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)
       ON CONFLICT ON CONSTRAINT pk_organizations DO UPDATE SET name = excluded.name, slug = excluded.slug;
INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5);
INSERT INTO quotas (id, tenant_id, plan_code, version, max_projects, max_apps, max_concurrent_builds,
                           max_instance_memory_bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT ON CONSTRAINT uq_quotas__tenant_id DO UPDATE
       SET plan_code = excluded.plan_code, version = excluded.version, max_projects = excluded.max_projects,
           max_apps = excluded.max_apps, max_concurrent_builds = excluded.max_concurrent_builds,
           max_instance_memory_bytes = excluded.max_instance_memory_bytes
       WHERE quotas.version < excluded.version;
INSERT INTO work_items (subject_id, tenant_id, kind, due_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
       ON CONFLICT ON CONSTRAINT pk_work_items DO NOTHING;
SELECT "AppEntity"."id" AS "AppEntity_id", "AppEntity"."created_at" AS "AppEntity_created_at", "AppEntity"."updated_at" AS "AppEntity_updated_at", "AppEntity"."created_by" AS "AppEntity_created_by", "AppEntity"."updated_by" AS "AppEntity_updated_by", "AppEntity"."tenant_id" AS "AppEntity_tenant_id", "AppEntity"."project_id" AS "AppEntity_project_id", "AppEntity"."name" AS "AppEntity_name", "AppEntity"."host" AS "AppEntity_host", "AppEntity"."health_path" AS "AppEntity_health_path", "AppEntity"."command" AS "AppEntity_command", "AppEntity"."memory_limit_bytes" AS "AppEntity_memory_limit_bytes" FROM "apps" "AppEntity" WHERE (("AppEntity"."id" = $1)) LIMIT 1 FOR NO KEY UPDATE;
SELECT "DeploymentEntity"."id" AS "DeploymentEntity_id", "DeploymentEntity"."created_at" AS "DeploymentEntity_created_at", "DeploymentEntity"."updated_at" AS "DeploymentEntity_updated_at", "DeploymentEntity"."created_by" AS "DeploymentEntity_created_by", "DeploymentEntity"."updated_by" AS "DeploymentEntity_updated_by", "DeploymentEntity"."tenant_id" AS "DeploymentEntity_tenant_id", "DeploymentEntity"."project_id" AS "DeploymentEntity_project_id", "DeploymentEntity"."app_id" AS "DeploymentEntity_app_id", "DeploymentEntity"."number" AS "DeploymentEntity_number", "DeploymentEntity"."state" AS "DeploymentEntity_state", "DeploymentEntity"."source_type" AS "DeploymentEntity_source_type", "DeploymentEntity"."archive_id" AS "DeploymentEntity_archive_id", "DeploymentEntity"."archive_size_bytes" AS "DeploymentEntity_archive_size_bytes", "DeploymentEntity"."archive_deleted_at" AS "DeploymentEntity_archive_deleted_at", "DeploymentEntity"."source_digest" AS "DeploymentEntity_source_digest", "DeploymentEntity"."git_url" AS "DeploymentEntity_git_url", "DeploymentEntity"."git_ref" AS "DeploymentEntity_git_ref", "DeploymentEntity"."git_commit" AS "DeploymentEntity_git_commit", "DeploymentEntity"."rollback_of" AS "DeploymentEntity_rollback_of", "DeploymentEntity"."artifact_id" AS "DeploymentEntity_artifact_id", "DeploymentEntity"."failure_reason" AS "DeploymentEntity_failure_reason", "DeploymentEntity"."failure_detail" AS "DeploymentEntity_failure_detail", "DeploymentEntity"."cancel_requested_at" AS "DeploymentEntity_cancel_requested_at", "DeploymentEntity"."live_at" AS "DeploymentEntity_live_at", "DeploymentEntity"."ended_at" AS "DeploymentEntity_ended_at" FROM "deployments" "DeploymentEntity" WHERE (("DeploymentEntity"."app_id" = $1) AND ("DeploymentEntity"."state" = $2)) LIMIT 1;
SELECT "DeploymentEntity"."id" AS "DeploymentEntity_id", "DeploymentEntity"."created_at" AS "DeploymentEntity_created_at", "DeploymentEntity"."updated_at" AS "DeploymentEntity_updated_at", "DeploymentEntity"."created_by" AS "DeploymentEntity_created_by", "DeploymentEntity"."updated_by" AS "DeploymentEntity_updated_by", "DeploymentEntity"."tenant_id" AS "DeploymentEntity_tenant_id", "DeploymentEntity"."project_id" AS "DeploymentEntity_project_id", "DeploymentEntity"."app_id" AS "DeploymentEntity_app_id", "DeploymentEntity"."number" AS "DeploymentEntity_number", "DeploymentEntity"."state" AS "DeploymentEntity_state", "DeploymentEntity"."source_type" AS "DeploymentEntity_source_type", "DeploymentEntity"."archive_id" AS "DeploymentEntity_archive_id", "DeploymentEntity"."archive_size_bytes" AS "DeploymentEntity_archive_size_bytes", "DeploymentEntity"."archive_deleted_at" AS "DeploymentEntity_archive_deleted_at", "DeploymentEntity"."source_digest" AS "DeploymentEntity_source_digest", "DeploymentEntity"."git_url" AS "DeploymentEntity_git_url", "DeploymentEntity"."git_ref" AS "DeploymentEntity_git_ref", "DeploymentEntity"."git_commit" AS "DeploymentEntity_git_commit", "DeploymentEntity"."rollback_of" AS "DeploymentEntity_rollback_of", "DeploymentEntity"."artifact_id" AS "DeploymentEntity_artifact_id", "DeploymentEntity"."failure_reason" AS "DeploymentEntity_failure_reason", "DeploymentEntity"."failure_detail" AS "DeploymentEntity_failure_detail", "DeploymentEntity"."cancel_requested_at" AS "DeploymentEntity_cancel_requested_at", "DeploymentEntity"."live_at" AS "DeploymentEntity_live_at", "DeploymentEntity"."ended_at" AS "DeploymentEntity_ended_at" FROM "deployments" "DeploymentEntity" WHERE (("DeploymentEntity"."app_id" = $1) AND ("DeploymentEntity"."state" IN ($2, $3)) AND ("DeploymentEntity"."number" < $4)) ORDER BY "DeploymentEntity"."number" ASC;
SELECT "DeploymentEntity"."id" AS "DeploymentEntity_id", "DeploymentEntity"."created_at" AS "DeploymentEntity_created_at", "DeploymentEntity"."updated_at" AS "DeploymentEntity_updated_at", "DeploymentEntity"."created_by" AS "DeploymentEntity_created_by", "DeploymentEntity"."updated_by" AS "DeploymentEntity_updated_by", "DeploymentEntity"."tenant_id" AS "DeploymentEntity_tenant_id", "DeploymentEntity"."project_id" AS "DeploymentEntity_project_id", "DeploymentEntity"."app_id" AS "DeploymentEntity_app_id", "DeploymentEntity"."number" AS "DeploymentEntity_number", "DeploymentEntity"."state" AS "DeploymentEntity_state", "DeploymentEntity"."source_type" AS "DeploymentEntity_source_type", "DeploymentEntity"."archive_id" AS "DeploymentEntity_archive_id", "DeploymentEntity"."archive_size_bytes" AS "DeploymentEntity_archive_size_bytes", "DeploymentEntity"."archive_deleted_at" AS "DeploymentEntity_archive_deleted_at", "DeploymentEntity"."source_digest" AS "DeploymentEntity_source_digest", "DeploymentEntity"."git_url" AS "DeploymentEntity_git_url", "DeploymentEntity"."git_ref" AS "DeploymentEntity_git_ref", "DeploymentEntity"."git_commit" AS "DeploymentEntity_git_commit", "DeploymentEntity"."rollback_of" AS "DeploymentEntity_rollback_of", "DeploymentEntity"."artifact_id" AS "DeploymentEntity_artifact_id", "DeploymentEntity"."failure_reason" AS "DeploymentEntity_failure_reason", "DeploymentEntity"."failure_detail" AS "DeploymentEntity_failure_detail", "DeploymentEntity"."cancel_requested_at" AS "DeploymentEntity_cancel_requested_at", "DeploymentEntity"."live_at" AS "DeploymentEntity_live_at", "DeploymentEntity"."ended_at" AS "DeploymentEntity_ended_at" FROM "deployments" "DeploymentEntity" WHERE (("DeploymentEntity"."app_id" = $1) AND ("DeploymentEntity"."state" IN ($2, $3, $4, $5))) ORDER BY "DeploymentEntity"."number" ASC;
SELECT "DeploymentEntity"."id" AS "DeploymentEntity_id", "DeploymentEntity"."created_at" AS "DeploymentEntity_created_at", "DeploymentEntity"."updated_at" AS "DeploymentEntity_updated_at", "DeploymentEntity"."created_by" AS "DeploymentEntity_created_by", "DeploymentEntity"."updated_by" AS "DeploymentEntity_updated_by", "DeploymentEntity"."tenant_id" AS "DeploymentEntity_tenant_id", "DeploymentEntity"."project_id" AS "DeploymentEntity_project_id", "DeploymentEntity"."app_id" AS "DeploymentEntity_app_id", "DeploymentEntity"."number" AS "DeploymentEntity_number", "DeploymentEntity"."state" AS "DeploymentEntity_state", "DeploymentEntity"."source_type" AS "DeploymentEntity_source_type", "DeploymentEntity"."archive_id" AS "DeploymentEntity_archive_id", "DeploymentEntity"."archive_size_bytes" AS "DeploymentEntity_archive_size_bytes", "DeploymentEntity"."archive_deleted_at" AS "DeploymentEntity_archive_deleted_at", "DeploymentEntity"."source_digest" AS "DeploymentEntity_source_digest", "DeploymentEntity"."git_url" AS "DeploymentEntity_git_url", "DeploymentEntity"."git_ref" AS "DeploymentEntity_git_ref", "DeploymentEntity"."git_commit" AS "DeploymentEntity_git_commit", "DeploymentEntity"."rollback_of" AS "DeploymentEntity_rollback_of", "DeploymentEntity"."artifact_id" AS "DeploymentEntity_artifact_id", "DeploymentEntity"."failure_reason" AS "DeploymentEntity_failure_reason", "DeploymentEntity"."failure_detail" AS "DeploymentEntity_failure_detail", "DeploymentEntity"."cancel_requested_at" AS "DeploymentEntity_cancel_requested_at", "DeploymentEntity"."live_at" AS "DeploymentEntity_live_at", "DeploymentEntity"."ended_at" AS "DeploymentEntity_ended_at" FROM "deployments" "DeploymentEntity" WHERE (("DeploymentEntity"."id" = $1)) LIMIT 1;
SELECT "InstanceEntity"."id" AS "InstanceEntity_id", "InstanceEntity"."created_at" AS "InstanceEntity_created_at", "InstanceEntity"."updated_at" AS "InstanceEntity_updated_at", "InstanceEntity"."created_by" AS "InstanceEntity_created_by", "InstanceEntity"."updated_by" AS "InstanceEntity_updated_by", "InstanceEntity"."tenant_id" AS "InstanceEntity_tenant_id", "InstanceEntity"."app_id" AS "InstanceEntity_app_id", "InstanceEntity"."deployment_id" AS "InstanceEntity_deployment_id", "InstanceEntity"."state" AS "InstanceEntity_state", "InstanceEntity"."routed" AS "InstanceEntity_routed", "InstanceEntity"."address_host" AS "InstanceEntity_address_host", "InstanceEntity"."address_port" AS "InstanceEntity_address_port", "InstanceEntity"."memory_limit" AS "InstanceEntity_memory_limit", "InstanceEntity"."restarts" AS "InstanceEntity_restarts", "InstanceEntity"."observed_at" AS "InstanceEntity_observed_at", "InstanceEntity"."healthy_at" AS "InstanceEntity_healthy_at", "InstanceEntity"."drain_until" AS "InstanceEntity_drain_until", "InstanceEntity"."exited_at" AS "InstanceEntity_exited_at", "InstanceEntity"."exit_detail" AS "InstanceEntity_exit_detail" FROM "instances" "InstanceEntity" WHERE (("InstanceEntity"."deployment_id" = $1) AND ("InstanceEntity"."state" IN ($2, $3))) LIMIT 1;
SELECT "InstanceEntity"."id" AS "InstanceEntity_id", "InstanceEntity"."created_at" AS "InstanceEntity_created_at", "InstanceEntity"."updated_at" AS "InstanceEntity_updated_at", "InstanceEntity"."created_by" AS "InstanceEntity_created_by", "InstanceEntity"."updated_by" AS "InstanceEntity_updated_by", "InstanceEntity"."tenant_id" AS "InstanceEntity_tenant_id", "InstanceEntity"."app_id" AS "InstanceEntity_app_id", "InstanceEntity"."deployment_id" AS "InstanceEntity_deployment_id", "InstanceEntity"."state" AS "InstanceEntity_state", "InstanceEntity"."routed" AS "InstanceEntity_routed", "InstanceEntity"."address_host" AS "InstanceEntity_address_host", "InstanceEntity"."address_port" AS "InstanceEntity_address_port", "InstanceEntity"."memory_limit" AS "InstanceEntity_memory_limit", "InstanceEntity"."restarts" AS "InstanceEntity_restarts", "InstanceEntity"."observed_at" AS "InstanceEntity_observed_at", "InstanceEntity"."healthy_at" AS "InstanceEntity_healthy_at", "InstanceEntity"."drain_until" AS "InstanceEntity_drain_until", "InstanceEntity"."exited_at" AS "InstanceEntity_exited_at", "InstanceEntity"."exit_detail" AS "InstanceEntity_exit_detail" FROM "instances" "InstanceEntity" WHERE (("InstanceEntity"."id" = $1)) LIMIT 1;
SELECT "OrganizationEntity"."id" AS "OrganizationEntity_id", "OrganizationEntity"."created_at" AS "OrganizationEntity_created_at", "OrganizationEntity"."updated_at" AS "OrganizationEntity_updated_at", "OrganizationEntity"."created_by" AS "OrganizationEntity_created_by", "OrganizationEntity"."updated_by" AS "OrganizationEntity_updated_by", "OrganizationEntity"."tenant_id" AS "OrganizationEntity_tenant_id", "OrganizationEntity"."name" AS "OrganizationEntity_name", "OrganizationEntity"."slug" AS "OrganizationEntity_slug" FROM "organizations" "OrganizationEntity" WHERE (("OrganizationEntity"."tenant_id" = $1)) LIMIT 1;
SELECT "QuotaEntity"."id" AS "QuotaEntity_id", "QuotaEntity"."created_at" AS "QuotaEntity_created_at", "QuotaEntity"."updated_at" AS "QuotaEntity_updated_at", "QuotaEntity"."created_by" AS "QuotaEntity_created_by", "QuotaEntity"."updated_by" AS "QuotaEntity_updated_by", "QuotaEntity"."tenant_id" AS "QuotaEntity_tenant_id", "QuotaEntity"."plan_code" AS "QuotaEntity_plan_code", "QuotaEntity"."version" AS "QuotaEntity_version", "QuotaEntity"."max_projects" AS "QuotaEntity_max_projects", "QuotaEntity"."max_apps" AS "QuotaEntity_max_apps", "QuotaEntity"."max_concurrent_builds" AS "QuotaEntity_max_concurrent_builds", "QuotaEntity"."max_instance_memory_bytes" AS "QuotaEntity_max_instance_memory_bytes" FROM "quotas" "QuotaEntity" WHERE (("QuotaEntity"."tenant_id" = $1)) LIMIT 1;
SELECT "QuotaEntity"."id" AS "QuotaEntity_id", "QuotaEntity"."created_at" AS "QuotaEntity_created_at", "QuotaEntity"."updated_at" AS "QuotaEntity_updated_at", "QuotaEntity"."created_by" AS "QuotaEntity_created_by", "QuotaEntity"."updated_by" AS "QuotaEntity_updated_by", "QuotaEntity"."tenant_id" AS "QuotaEntity_tenant_id", "QuotaEntity"."plan_code" AS "QuotaEntity_plan_code", "QuotaEntity"."version" AS "QuotaEntity_version", "QuotaEntity"."max_projects" AS "QuotaEntity_max_projects", "QuotaEntity"."max_apps" AS "QuotaEntity_max_apps", "QuotaEntity"."max_concurrent_builds" AS "QuotaEntity_max_concurrent_builds", "QuotaEntity"."max_instance_memory_bytes" AS "QuotaEntity_max_instance_memory_bytes" FROM "quotas" "QuotaEntity" WHERE (("QuotaEntity"."tenant_id" = $1)) LIMIT 1 FOR NO KEY UPDATE;
SELECT * FROM current_schema();
SELECT 1;
SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "instances" "InstanceEntity" WHERE (("InstanceEntity"."deployment_id" = $1) AND ("InstanceEntity"."state" IN ($2, $3, $4)))) LIMIT 1;
SELECT COUNT(1) AS "cnt" FROM "apps" "AppEntity" WHERE (("AppEntity"."tenant_id" = $1));
SELECT COUNT(1) AS "cnt" FROM "projects" "ProjectEntity" WHERE (("ProjectEntity"."tenant_id" = $1));
SELECT FROM edge_state FOR UPDATE;
SELECT FROM work_items WHERE subject_id = $1 AND holder = $2 AND due_at > clock_timestamp() FOR UPDATE;
SELECT a.id, a.tenant_id AS "tenantId", a.project_id AS "projectId", a.name, a.host,
  a.health_path AS "healthPath", a.command, a.memory_limit_bytes::float8 AS "memoryLimitBytes",
  a.created_at AS "createdAt", a.updated_at AS "updatedAt", d.id AS "liveDeploymentId" FROM apps a LEFT JOIN deployments d ON d.app_id = a.id AND d.tenant_id = a.tenant_id AND d.state = 'live' WHERE a.id = $1;
SELECT coalesce(max(attempt), 0) AS attempt FROM deployment_steps WHERE deployment_id = $1 AND step = $2;
SELECT coalesce(max(number), 0) AS number FROM deployments WHERE tenant_id = $1 AND app_id = $2;
SELECT count(*)::integer AS ahead FROM deployments
       WHERE tenant_id = $1 AND id <> $2
         AND (state = 'build_in_progress'
              OR state = 'queued' AND artifact_id IS NULL AND (created_at, id) < ($3::timestamptz, $2));
SELECT d.id, d.app_id AS "appId", d.project_id AS "projectId", d.state, d.failure_reason AS "failureReason",
    d.failure_detail AS "failureDetail", d.source_type AS "sourceType", d.source_digest AS "sourceDigest",
    d.git_url AS "gitUrl", d.git_ref AS "gitRef", d.git_commit AS "gitCommit", d.rollback_of AS "rollbackOf",
    d.created_at AS "createdAt", d.updated_at AS "updatedAt", d.live_at AS "liveAt", a.host,
    i.id AS "instanceId", i.state AS "instanceState", i.created_at AS "instanceCreatedAt",
    i.memory_limit AS "instanceMemoryLimit", i.observed_at AS "observedAt"
  FROM deployments d
  JOIN apps a ON a.tenant_id = d.tenant_id AND a.id = d.app_id
  LEFT JOIN LATERAL (
    SELECT * FROM instances n WHERE n.tenant_id = d.tenant_id AND n.deployment_id = d.id
    ORDER BY n.created_at DESC, n.id DESC LIMIT 1
  ) i ON true WHERE d.id = $1;
SELECT host, instance_id AS "instanceId", address_host AS "addressHost", address_port AS "addressPort"
       FROM edge_routes();
SELECT id, name, created_at AS "createdAt", updated_at AS "updatedAt" FROM projects
       WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) > ($2, $3::uuid))
       ORDER BY created_at, id LIMIT $4;
SELECT id, name, created_at AS "createdAt", updated_at AS "updatedAt" FROM projects WHERE id = $1;
SELECT id, storage_key AS "storageKey", digest FROM artifacts WHERE id = $1 AND deleted_at IS NULL;
SELECT id, tenant_id AS "tenantId" FROM archive_find_unneeded($1, $2);
SELECT id, tenant_id AS "tenantId" FROM artifact_find_unneeded($1, $2, $3, $4);
SELECT id, tenant_id AS "tenantId" FROM log_find_expired($1, $2, $3);
SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2);
SELECT installed_rank, version, description, type, script, checksum, installed_by,
            installed_on AT TIME ZONE current_setting('TimeZone') AS installed_on, execution_time, success
     FROM flyway_schema_history ORDER BY installed_rank;
SELECT instance_id AS "instanceId", tenant_id AS "tenantId", app_id AS "appId",
           deployment_id AS "deploymentId" FROM instance_locate($1);
SELECT instance_id AS "instanceId", tenant_id AS "tenantId", verdict FROM instance_reconcile($1, $2);
SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked;
SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost;
SELECT request_hash AS "requestHash", response FROM idempotent_requests
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND operation = $2 AND key = $3;
SELECT service FROM service_configuration;
SELECT set_config('app.tenant_id', $1, true), set_config('app.actor_id', $2, true), set_config('app.request_id', $3, true);
SELECT subject_id AS "subjectId", interrupted FROM work_extend($1, $2, $3);
SELECT subject_id AS "subjectId", tenant_id AS "tenantId", kind, lane FROM work_claim($1, $2, $3, $4);
SELECT subject_id FROM work_repair();
SELECT version();
SELECT work_release($1);
UPDATE "deployments" SET "archive_deleted_at" = clock_timestamp() WHERE "id" = $1;
UPDATE "deployments" SET "artifact_id" = $1, "source_digest" = $2, "git_commit" = $3, "state" = $4 WHERE ("id" = $5 AND "state" = $6);
UPDATE "deployments" SET "cancel_requested_at" = clock_timestamp() WHERE "id" = $1;
UPDATE "deployments" SET "ended_at" = $1, "state" = $2 WHERE ("id" = $3 AND "state" = $4);
UPDATE "deployments" SET "failure_reason" = $1, "failure_detail" = $2, "ended_at" = $3, "state" = $4 WHERE ("id" = $5 AND "state" = $6);
UPDATE "deployments" SET "live_at" = $1, "state" = $2 WHERE ("id" = $3 AND "state" = $4);
UPDATE "deployments" SET "state" = $1 WHERE ("id" = $2 AND "state" = $3);
UPDATE "instances" SET "address_host" = $1, "address_port" = $2 WHERE "id" = $3;
UPDATE "instances" SET "routed" = $1 WHERE ("app_id" = $2 AND "routed" = $3);
UPDATE "instances" SET "routed" = $1, "state" = $2, "healthy_at" = coalesce("healthy_at", clock_timestamp()), "observed_at" = clock_timestamp() WHERE "id" = $3;
UPDATE "instances" SET "state" = $1, "routed" = $2 WHERE "id" = $3;
UPDATE "instances" SET "state" = $1, "routed" = $2, "exited_at" = clock_timestamp(), "exit_detail" = $3 WHERE "id" = $4;
UPDATE artifacts SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NULL RETURNING id;
UPDATE artifacts SET deleted_at = clock_timestamp()
       WHERE id = $1 AND deleted_at IS NULL AND updated_at < now() - make_interval(secs => $2)
       RETURNING id, storage_key AS "storageKey", digest;
UPDATE deployment_steps SET finished_at = clock_timestamp(), outcome = $2 WHERE id = $1 AND outcome IS NULL;
UPDATE deployment_steps SET finished_at = clock_timestamp(), outcome = 'interrupted'
         WHERE deployment_id = $1 AND finished_at IS NULL;
UPDATE deployments SET log_deleted_at = clock_timestamp() WHERE id = $1;
UPDATE edge_state SET version = version + 1, marker = $1, applied_at = clock_timestamp();
UPDATE idempotent_requests SET response = $2 WHERE id = $1;
UPDATE instances SET drain_until = clock_timestamp() + make_interval(secs => $2) WHERE id = $1;
UPDATE work_items
       SET interrupted = holder IS NOT NULL, due_at = CASE WHEN holder IS NULL THEN clock_timestamp() ELSE due_at END
       WHERE subject_id = $1;
UPDATE work_items SET due_at = clock_timestamp()
       WHERE subject_id = (
         SELECT w.subject_id FROM work_items w
         JOIN deployments d ON d.tenant_id = w.tenant_id AND d.id = w.subject_id
         WHERE w.tenant_id = $1 AND w.holder IS NULL AND d.state = 'queued' AND d.artifact_id IS NOT NULL AND d.app_id = $2
         ORDER BY d.created_at, d.id LIMIT 1
         FOR UPDATE OF w SKIP LOCKED);
UPDATE work_items SET due_at = clock_timestamp()
       WHERE subject_id = (
         SELECT w.subject_id FROM work_items w
         JOIN deployments d ON d.tenant_id = w.tenant_id AND d.id = w.subject_id
         WHERE w.tenant_id = $1 AND w.holder IS NULL AND d.state = 'queued' AND d.artifact_id IS NULL
         ORDER BY d.created_at, d.id LIMIT 1
         FOR UPDATE OF w SKIP LOCKED);
UPDATE work_items SET holder = NULL, due_at = clock_timestamp() + make_interval(secs => $3), failures = $4
       WHERE subject_id = $1 AND holder = $2;
