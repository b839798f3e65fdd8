-- What one tenant owns: documents that may be moved or restored without anybody else's. Run by the owner with the
-- tenant's schema first on the search path; the placeholders are its name and the tenant's id.
--
-- A row carries no tenant: the schema is the tenant. Each policy compares its id, a constant here, with the context, so
-- that a statement which names another tenant's schema finds it empty and can't write to it.
--
-- Tables, as the app role sees them:
--   users               I, S, U(email, name, role)           a projection of auth's events; no request writes it
--   metrics_sessions    I, S, U(ended_at)
--   tool_metrics        I, S
--   dashboard_configs   I, S, U(name, widgets), D

CREATE TRIGGER tenant_set_schema_version AFTER INSERT ON flyway_schema_history
    FOR EACH ROW WHEN (NEW.success AND NEW.version IS NOT NULL AND NEW.type = 'SQL')
    EXECUTE FUNCTION public.tenant_set_schema_version();

CREATE TABLE users (
    -- Auth's.
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    joined_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users__role CHECK (role IN ('owner', 'admin', 'developer', 'viewer'))
);

-- A stretch of work of one user with one client.
CREATE TABLE metrics_sessions (
    id uuid NOT NULL DEFAULT public.uuid_generate_v4(),
    -- Deliberately no key to users: a member may work before the event that tells of him has arrived.
    user_id uuid NOT NULL,
    client text NOT NULL,
    started_at timestamptz(3) NOT NULL,
    -- Null while it goes on.
    ended_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_metrics_sessions PRIMARY KEY (id),
    CONSTRAINT ck_metrics_sessions__client CHECK (client IN ('console', 'cli', 'editor', 'api')),
    CONSTRAINT ck_metrics_sessions__ended_at CHECK (ended_at >= started_at)
);
CREATE INDEX ix_metrics_sessions__started_at ON metrics_sessions (started_at DESC, id DESC);
CREATE INDEX ix_metrics_sessions__user_id ON metrics_sessions (user_id, started_at DESC, id DESC);

-- One use of a tool within such a stretch.
CREATE TABLE tool_metrics (
    id uuid NOT NULL DEFAULT public.uuid_generate_v4(),
    session_id uuid NOT NULL,
    tool text NOT NULL,
    duration_ms integer NOT NULL,
    succeeded boolean NOT NULL,
    used_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_tool_metrics PRIMARY KEY (id),
    CONSTRAINT fk_tool_metrics__session FOREIGN KEY (session_id) REFERENCES metrics_sessions (id) ON DELETE CASCADE,
    CONSTRAINT ck_tool_metrics__duration_ms CHECK (duration_ms >= 0)
);
CREATE INDEX ix_tool_metrics__used_at ON tool_metrics (used_at DESC, id DESC);
CREATE INDEX ix_tool_metrics__session_id ON tool_metrics (session_id, used_at DESC, id DESC);
CREATE INDEX ix_tool_metrics__tool ON tool_metrics (tool, used_at DESC, id DESC);

CREATE TABLE dashboard_configs (
    id uuid NOT NULL DEFAULT public.uuid_generate_v4(),
    name text NOT NULL,
    widgets jsonb NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_dashboard_configs PRIMARY KEY (id),
    CONSTRAINT ck_dashboard_configs__widgets CHECK (jsonb_typeof(widgets) = 'array')
);
CREATE UNIQUE INDEX uq_dashboard_configs__name ON dashboard_configs (lower(name));
CREATE INDEX ix_dashboard_configs__created_at ON dashboard_configs (created_at, id);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users
    USING (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}')
    WITH CHECK (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}');
CREATE TRIGGER set_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

ALTER TABLE metrics_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE metrics_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON metrics_sessions
    USING (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}')
    WITH CHECK (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}');
CREATE TRIGGER set_updated_at BEFORE UPDATE ON metrics_sessions FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

ALTER TABLE tool_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE tool_metrics FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tool_metrics
    USING (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}')
    WITH CHECK (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}');
CREATE TRIGGER set_updated_at BEFORE UPDATE ON tool_metrics FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

ALTER TABLE dashboard_configs ENABLE ROW LEVEL SECURITY;
ALTER TABLE dashboard_configs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dashboard_configs
    USING (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}')
    WITH CHECK (NULLIF(current_setting('app.tenant_id', true), '')::uuid = '${tenantId}');
CREATE TRIGGER set_updated_at BEFORE UPDATE ON dashboard_configs FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

GRANT USAGE ON SCHEMA ${schema} TO monitor_user;
GRANT SELECT, INSERT, UPDATE (email, name, role) ON users TO monitor_user;
GRANT SELECT, INSERT, UPDATE (ended_at) ON metrics_sessions TO monitor_user;
GRANT SELECT, INSERT ON tool_metrics TO monitor_user;
GRANT SELECT, INSERT, UPDATE (name, widgets), DELETE ON dashboard_configs TO monitor_user;
