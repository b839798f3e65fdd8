-- Which tenants there are and where each one's own tables lie. See docs/adr for why they have a schema each.
--
-- A row begins as `provisioning`, inserted by the service when it hears of an organization. The provisioner, which has the
-- owner's credentials, makes the schema and sets `active`; what it can't make is `failed`, with the reason and when it is
-- tried again. Nothing goes back: an active tenant whose schema can't be brought to a later version stays active, and
-- `failure` says so.
--
-- Tables, as the app role sees them:
--   tenants          I, S, U(name, plan, is_active, metadata)
--   organizations    as before, and the plan
--
-- Functions over all tenants (see migrations/README.md); they return ids only:
--   tenant_find_by_domain(domain text) -> uuid                                      the app role
--   tenants_due(newest_version text, max_rows integer) -> setof uuid                the owner alone
--   tenants_after(after uuid, max_rows integer) -> setof uuid                       the owner alone
-- and counts:
--   tenants_by_state() -> rows (state text, tenants bigint)                         the app role

CREATE TABLE tenants (
    -- The organization's.
    id uuid NOT NULL,
    name text NOT NULL,
    -- The organization's label in host names.
    domain text NOT NULL,
    -- Chosen once. A tenant that is restored or moved under another name gets a new row here, never a derived name.
    schema_name text NOT NULL,
    -- Of the newest migration in it; null before the first. Kept by a trigger on the schema's own history.
    schema_version text,
    plan text NOT NULL DEFAULT 'free',
    -- False: its tables are kept, and served to nobody.
    is_active boolean NOT NULL DEFAULT true,
    state text NOT NULL DEFAULT 'provisioning',
    failure text,
    failed_attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz(3) NOT NULL DEFAULT now(),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_tenants PRIMARY KEY (id),
    CONSTRAINT uq_tenants__domain UNIQUE (domain),
    CONSTRAINT uq_tenants__schema_name UNIQUE (schema_name),
    CONSTRAINT ck_tenants__domain CHECK (domain = lower(domain) AND length(domain) BETWEEN 1 AND 253),
    -- It is written into statements as an identifier: nothing that would need quotes.
    CONSTRAINT ck_tenants__schema_name CHECK (schema_name ~ '^tenant_[a-z0-9_]{1,56}$'),
    CONSTRAINT ck_tenants__state CHECK (state IN ('provisioning', 'active', 'failed')),
    CONSTRAINT ck_tenants__active CHECK (state <> 'active' OR schema_version IS NOT NULL),
    CONSTRAINT ck_tenants__failed CHECK (state <> 'failed' OR failure IS NOT NULL),
    CONSTRAINT ck_tenants__metadata CHECK (jsonb_typeof(metadata) = 'object')
);
-- What the provisioner looks for: few of them, however many tenants there are.
CREATE INDEX ix_tenants__unfinished ON tenants (next_attempt_at) WHERE state <> 'active';
CREATE INDEX ix_tenants__schema_version ON tenants (schema_version);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants
    USING (id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON tenants FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- Binds the owner too: a renamed schema_name would be a tenant without its data.
CREATE FUNCTION refuse_another_schema() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The schema of tenant % is fixed.', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER fixed_schema BEFORE UPDATE OF schema_name ON tenants
    FOR EACH ROW WHEN (NEW.schema_name <> OLD.schema_name) EXECUTE FUNCTION refuse_another_schema();

-- Delivered when the row is committed; the provisioner also polls, for a notification that nobody heard.
CREATE FUNCTION wake_provisioner() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('tenant_provisioning', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER wake_provisioner AFTER INSERT OR UPDATE OF state ON tenants
    FOR EACH ROW WHEN (NEW.state = 'provisioning') EXECUTE FUNCTION wake_provisioner();

GRANT SELECT, INSERT (id, name, domain, schema_name, plan), UPDATE (name, plan, is_active, metadata)
    ON tenants TO monitor_user;

-- The plan arrives with the entitlements, which may come before the organization itself is known.
ALTER TABLE organizations ADD COLUMN plan text NOT NULL DEFAULT 'free';
GRANT UPDATE (plan) ON organizations TO monitor_user;

-- Tenants from before this migration. Monitor never heard their domain, so they are found by their id's text until it does.
ALTER TABLE organizations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
INSERT INTO tenants (id, name, domain, schema_name)
SELECT tenant_id, name, tenant_id::text, 'tenant_' || replace(tenant_id::text, '-', '') FROM organizations;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;

-- Over all tenants ----------------------------------------------------------------------------------------------------

CREATE FUNCTION tenant_find_by_domain(domain text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id FROM public.tenants t WHERE t.domain = lower(tenant_find_by_domain.domain)
$$;

-- Tenants without a finished schema, then those whose schema is older than the caller's newest migration. Versions are
-- compared as numbers, so that a provisioner of an older release leaves newer schemas alone.
CREATE FUNCTION tenants_due(newest_version text, max_rows integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    (SELECT t.id FROM public.tenants t
     WHERE t.state <> 'active' AND t.next_attempt_at <= clock_timestamp()
     ORDER BY t.next_attempt_at, t.id LIMIT tenants_due.max_rows)
    UNION ALL
    (SELECT t.id FROM public.tenants t
     WHERE t.state = 'active' AND t.schema_version <> newest_version AND t.next_attempt_at <= clock_timestamp()
       AND string_to_array(t.schema_version, '.')::integer[] < string_to_array(newest_version, '.')::integer[]
     ORDER BY t.id LIMIT tenants_due.max_rows)
    LIMIT tenants_due.max_rows
$$;

CREATE FUNCTION tenants_after(after uuid, max_rows integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id FROM public.tenants t
    WHERE tenants_after.after IS NULL OR t.id > tenants_after.after
    ORDER BY t.id LIMIT tenants_after.max_rows
$$;

CREATE FUNCTION tenants_by_state() RETURNS TABLE (state text, tenants bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.state, count(*) FROM public.tenants t GROUP BY t.state
$$;

-- AFTER INSERT on the flyway_schema_history of every tenant's schema, in the transaction of the migration itself.
CREATE FUNCTION tenant_set_schema_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.tenants t SET schema_version = NEW.version WHERE t.schema_name = TG_TABLE_SCHEMA;
    RETURN NULL;
END
$$;

GRANT SELECT (id, domain, schema_name, schema_version, state, next_attempt_at), UPDATE (schema_version)
    ON tenants TO monitor_claimer;
GRANT EXECUTE ON FUNCTION tenant_find_by_domain(text), tenants_by_state() TO monitor_user;

GRANT CREATE ON SCHEMA public TO monitor_claimer;
ALTER FUNCTION tenant_find_by_domain(text) OWNER TO monitor_claimer;
ALTER FUNCTION tenants_due(text, integer) OWNER TO monitor_claimer;
ALTER FUNCTION tenants_after(uuid, integer) OWNER TO monitor_claimer;
ALTER FUNCTION tenants_by_state() OWNER TO monitor_claimer;
ALTER FUNCTION tenant_set_schema_version() OWNER TO monitor_claimer;
REVOKE CREATE ON SCHEMA public FROM monitor_claimer;
