-- Who may sign in, and on behalf of which organization. See docs/adr/0007-users-and-tenancy.md.
--
-- An organization is a tenant: its id is the tenant's. A user belongs to no tenant, for he may be a member of several,
-- but is visible inside one only through a membership in it. Everything else is the tenant's own.
--
-- Tables, as the app role sees them:
--   organizations    I, S
--   users            I, S
--   memberships      I, S
--   sessions         I, S, U(revoked_at), D
--   refresh_tokens   I, S, U(rotated_at)
--
-- Functions for those who can't know the tenant yet; they return ids only:
--   user_find_home(email text)             -> (user_id, tenant_id) of the organization the user has been in longest
--   refresh_token_find(token_hash bytea)   -> (refresh_token_id, tenant_id)

-- Organizations -------------------------------------------------------------------------------------------------------

CREATE TABLE organizations (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_organizations PRIMARY KEY (id),
    CONSTRAINT uq_organizations__tenant_id UNIQUE (tenant_id),
    CONSTRAINT uq_organizations__slug UNIQUE (slug),
    CONSTRAINT ck_organizations__tenant_id CHECK (tenant_id = id),
    -- A part of host names: one DNS label, short enough to share it with an app's name.
    CONSTRAINT ck_organizations__slug CHECK (slug ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$' AND length(slug) <= 22)
);
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON organizations
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON organizations TO auth_user;

-- Users and memberships -----------------------------------------------------------------------------------------------

CREATE TABLE users (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    -- As it was typed; compared without case.
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_users PRIMARY KEY (id)
);
CREATE UNIQUE INDEX uq_users__email ON users (lower(email));

CREATE TABLE memberships (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_memberships PRIMARY KEY (id),
    CONSTRAINT uq_memberships__user UNIQUE (tenant_id, user_id),
    CONSTRAINT fk_memberships__organization FOREIGN KEY (tenant_id) REFERENCES organizations (tenant_id),
    -- Checked at commit: the policy of users lets a user in only where his membership is already.
    CONSTRAINT fk_memberships__user FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_memberships__role CHECK (role IN ('owner', 'admin', 'developer', 'viewer'))
);
-- For the claim functions, which look at every tenant.
CREATE INDEX ix_memberships__user_id ON memberships (user_id, created_at);
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON memberships
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON memberships
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON memberships TO auth_user;

-- The one table whose tenancy is not a column: rows are seen, and made, through a membership of the tenant.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY member ON users
    USING (EXISTS (
        SELECT FROM memberships m
        WHERE m.tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid AND m.user_id = users.id))
    WITH CHECK (EXISTS (
        SELECT FROM memberships m
        WHERE m.tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid AND m.user_id = users.id));
CREATE TRIGGER set_updated_at BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON users TO auth_user;

-- Sessions ------------------------------------------------------------------------------------------------------------

-- A sign-in, and the family of all refresh tokens that descend from it.
CREATE TABLE sessions (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    revoked_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT uq_sessions__tenant UNIQUE (tenant_id, id),
    CONSTRAINT fk_sessions__membership FOREIGN KEY (tenant_id, user_id)
        REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX ix_sessions__user ON sessions (tenant_id, user_id, expires_at);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sessions
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON sessions
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON sessions TO auth_user;

CREATE TABLE refresh_tokens (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    -- SHA-256 of the token; a token is 256 random bits, so nothing slower is needed.
    token_hash bytea NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    -- When its successor was handed out.
    rotated_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_refresh_tokens PRIMARY KEY (id),
    CONSTRAINT uq_refresh_tokens__token_hash UNIQUE (token_hash),
    CONSTRAINT fk_refresh_tokens__session FOREIGN KEY (tenant_id, session_id)
        REFERENCES sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_refresh_tokens__token_hash CHECK (length(token_hash) = 32)
);
CREATE INDEX ix_refresh_tokens__session ON refresh_tokens (tenant_id, session_id);
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refresh_tokens
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON refresh_tokens
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (rotated_at) ON refresh_tokens TO auth_user;

-- Before the tenant is known ------------------------------------------------------------------------------------------

CREATE FUNCTION user_find_home(email text) RETURNS TABLE (user_id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.user_id, m.tenant_id
    FROM public.users u JOIN public.memberships m ON m.user_id = u.id
    WHERE lower(u.email) = lower(user_find_home.email)
    ORDER BY m.created_at, m.id
    LIMIT 1
$$;

CREATE FUNCTION refresh_token_find(token_hash bytea) RETURNS TABLE (refresh_token_id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id, t.tenant_id FROM public.refresh_tokens t WHERE t.token_hash = refresh_token_find.token_hash
$$;

GRANT SELECT (id, email) ON users TO auth_claimer;
GRANT SELECT (id, tenant_id, user_id, created_at) ON memberships TO auth_claimer;
GRANT SELECT (id, tenant_id, token_hash) ON refresh_tokens TO auth_claimer;
GRANT EXECUTE ON FUNCTION user_find_home(text), refresh_token_find(bytea) TO auth_user;

GRANT CREATE ON SCHEMA public TO auth_claimer;
ALTER FUNCTION user_find_home(text) OWNER TO auth_claimer;
ALTER FUNCTION refresh_token_find(bytea) OWNER TO auth_claimer;
REVOKE CREATE ON SCHEMA public FROM auth_claimer;
