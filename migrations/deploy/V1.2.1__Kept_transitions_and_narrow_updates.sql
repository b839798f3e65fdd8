-- Which states a deployment went through is history, and the service updates what changes in its tables and nothing
-- else: never whose a row is, what it hangs on or when it was made.

CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE OR TRUNCATE ON deployment_transitions
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();

REVOKE UPDATE ON quotas, deployments, deployment_steps, instances, work_items FROM deploy_user;
GRANT UPDATE (
    plan_code, version, max_projects, max_apps, max_concurrent_builds, max_instance_memory_bytes
) ON quotas TO deploy_user;
GRANT UPDATE (
    state, archive_deleted_at, source_digest, git_commit, artifact_id, failure_reason, failure_detail,
    cancel_requested_at, live_at, ended_at, log_deleted_at
) ON deployments TO deploy_user;
GRANT UPDATE (finished_at, outcome) ON deployment_steps TO deploy_user;
GRANT UPDATE (
    state, routed, address_host, address_port, restarts, observed_at, healthy_at, drain_until, exited_at, exit_detail
) ON instances TO deploy_user;
GRANT UPDATE (due_at, holder, interrupted, failures) ON work_items TO deploy_user;
