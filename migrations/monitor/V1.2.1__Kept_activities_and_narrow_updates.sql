-- The timeline is history, and the service updates what changes in its tables and nothing else. The policies get the
-- name they have everywhere, and the audit columns the defaults, so that who wrote a row is known here too.

CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE OR TRUNCATE ON activities
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();

REVOKE UPDATE ON organizations, apps FROM monitor_user;
GRANT UPDATE (name, metrics_retention_days, entitlements_version) ON organizations TO monitor_user;
GRANT UPDATE (name, host, usage_recorded_through, last_sample_at) ON apps TO monitor_user;

ALTER TABLE organizations
    ALTER COLUMN created_by SET DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    ALTER COLUMN updated_by SET DEFAULT NULLIF(current_setting('app.actor_id', true), '');
ALTER TABLE apps
    ALTER COLUMN created_by SET DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    ALTER COLUMN updated_by SET DEFAULT NULLIF(current_setting('app.actor_id', true), '');

ALTER POLICY tenant_isolation ON organizations RENAME TO tenant;
ALTER POLICY tenant_isolation ON apps RENAME TO tenant;
ALTER POLICY tenant_isolation ON series RENAME TO tenant;
ALTER POLICY tenant_isolation ON activities RENAME TO tenant;
