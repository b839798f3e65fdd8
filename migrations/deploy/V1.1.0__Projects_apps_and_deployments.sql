-- What organizations deploy, and how far each deployment has come. How the worker drives the tables is told in
-- apps/deploy/src/deployments/rollout/deployment-runner.ts.
--
-- Tables, as the app role sees them (I = insert, S = select, U = update, D = delete):
--   organizations           I, S, U(name, slug)      projection of auth's organizations
--   quotas                  I, S, U                  projection of billing's entitlements
--   projects                I, S
--   apps                    I, S
--   artifacts               I, S, U(deleted_at)
--   deployments             I, S, U
--   deployment_transitions  I, S                     written by a trigger: no state changes without a trace
--   deployment_steps        I, S, U
--   instances               I, S, U
--   work_items              I, S, U, D               what is to be done, and who does it
--   edge_state              S, U                     one row, no tenant: the routes the edge was last given
--
-- Functions over all tenants; they return ids (and the edge what it serves in public):
--   work_claim(holder uuid, lease_seconds integer, lanes text[], max_rows integer[])
--                                                                    -> (subject_id, tenant_id, kind, lane)
--   work_extend(holder uuid, lease_seconds integer, in_hand uuid[])  -> (subject_id, interrupted) still held
--   work_release(holder uuid)                                        -> void   at shutdown
--   work_repair()                                                    -> (subject_id) unfinished but without work
--   instance_reconcile(known uuid[], running uuid[])                 -> (instance_id, tenant_id, verdict)
--   instance_locate(ids uuid[])                                      -> (instance_id, tenant_id, app_id, deployment_id)
--   edge_routes()                                                    -> (host, instance_id, address_host, address_port)
--   artifact_find_unneeded(kept integer, grace_seconds integer, after uuid, max_rows integer) -> (id, tenant_id)
--   archive_find_unneeded(after uuid, max_rows integer)             -> (id, tenant_id) of deployments
--   log_find_expired(days integer, after uuid, max_rows integer)     -> (id, tenant_id) of deployments

-- Projections ---------------------------------------------------------------------------------------------------------

CREATE TABLE organizations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_organizations PRIMARY KEY (id),
    CONSTRAINT uq_organizations__tenant_id UNIQUE (tenant_id),
    CONSTRAINT ck_organizations__tenant_id CHECK (tenant_id = id)
);
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON organizations
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (name, slug) ON organizations TO deploy_user;

-- One row per organization. Whoever counts against a quota locks the row first, so that counting is exact.
CREATE TABLE quotas (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    plan_code text NOT NULL,
    -- Of the event it came by; an event with a lower one is late and changes nothing.
    version bigint NOT NULL,
    max_projects integer NOT NULL,
    max_apps integer NOT NULL,
    max_concurrent_builds integer NOT NULL,
    max_instance_memory_bytes bigint NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_quotas PRIMARY KEY (id),
    CONSTRAINT uq_quotas__tenant_id UNIQUE (tenant_id),
    CONSTRAINT ck_quotas__limits CHECK (
        max_projects >= 0 AND max_apps >= 0 AND max_concurrent_builds > 0 AND max_instance_memory_bytes > 0)
);
ALTER TABLE quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE quotas FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON quotas
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON quotas
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE ON quotas TO deploy_user;

-- Projects and apps ---------------------------------------------------------------------------------------------------

CREATE TABLE projects (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT uq_projects__tenant UNIQUE (tenant_id, id),
    CONSTRAINT fk_projects__organization FOREIGN KEY (tenant_id) REFERENCES organizations (tenant_id)
);
CREATE UNIQUE INDEX uq_projects__name ON projects (tenant_id, lower(name));
CREATE INDEX ix_projects__created ON projects (tenant_id, created_at, id);
ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON projects
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON projects
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON projects TO deploy_user;

CREATE TABLE apps (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    name text NOT NULL,
    -- One DNS label; an organization must not take another's host, so it is unique over all of them.
    host text NOT NULL,
    health_path text NOT NULL,
    command text[],
    memory_limit_bytes bigint NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_apps PRIMARY KEY (id),
    CONSTRAINT uq_apps__tenant UNIQUE (tenant_id, id),
    CONSTRAINT uq_apps__host UNIQUE (host),
    CONSTRAINT uq_apps__name UNIQUE (tenant_id, project_id, name),
    CONSTRAINT fk_apps__project FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    CONSTRAINT ck_apps__host CHECK (host ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$' AND length(host) <= 63),
    CONSTRAINT ck_apps__memory_limit_bytes CHECK (memory_limit_bytes > 0)
);
CREATE INDEX ix_apps__project ON apps (tenant_id, project_id, created_at, id);
ALTER TABLE apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE apps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON apps
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON apps
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
-- UPDATE only so that a transaction may lock the row; the trigger rewrites updated_at anyway.
GRANT SELECT, INSERT, UPDATE (updated_at) ON apps TO deploy_user;

-- What builds left in storage. An artifact belongs to an app: two apps never share one, so it can be deleted.
CREATE TABLE artifacts (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    app_id uuid NOT NULL,
    storage_key text NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    deleted_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_artifacts PRIMARY KEY (id),
    CONSTRAINT uq_artifacts__tenant UNIQUE (tenant_id, id),
    CONSTRAINT uq_artifacts__storage_key UNIQUE (tenant_id, storage_key),
    CONSTRAINT fk_artifacts__app FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id),
    CONSTRAINT ck_artifacts__digest CHECK (digest ~ '^[0-9a-f]{64}$')
);
CREATE INDEX ix_artifacts__app ON artifacts (tenant_id, app_id) WHERE deleted_at IS NULL;
ALTER TABLE artifacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE artifacts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON artifacts
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON artifacts
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (deleted_at) ON artifacts TO deploy_user;

-- Deployments ---------------------------------------------------------------------------------------------------------

CREATE TABLE deployments (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    app_id uuid NOT NULL,
    -- Counts the deployments of the app: which of two is the newer must not hang on a clock.
    number integer NOT NULL,
    state text NOT NULL DEFAULT 'created',
    source_type text NOT NULL,
    archive_id uuid,
    archive_size_bytes bigint,
    archive_deleted_at timestamptz(3),
    -- Of the archive from the start, of a git tree once it was fetched.
    source_digest text,
    git_url text,
    git_ref text,
    git_commit text,
    rollback_of uuid,
    artifact_id uuid,
    failure_reason text,
    failure_detail text,
    cancel_requested_at timestamptz(3),
    live_at timestamptz(3),
    ended_at timestamptz(3),
    log_deleted_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_deployments PRIMARY KEY (id),
    CONSTRAINT uq_deployments__tenant UNIQUE (tenant_id, id),
    CONSTRAINT uq_deployments__number UNIQUE (tenant_id, app_id, number),
    CONSTRAINT fk_deployments__project FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    CONSTRAINT fk_deployments__app FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id),
    CONSTRAINT fk_deployments__rollback_of FOREIGN KEY (tenant_id, rollback_of) REFERENCES deployments (tenant_id, id),
    CONSTRAINT fk_deployments__artifact FOREIGN KEY (tenant_id, artifact_id) REFERENCES artifacts (tenant_id, id),
    CONSTRAINT ck_deployments__state CHECK (state IN (
        'created', 'queued', 'build_in_progress', 'build_failed', 'update_in_progress', 'update_failed', 'live',
        'superseded', 'deactivated', 'canceled')),
    CONSTRAINT ck_deployments__source CHECK (
        (source_type = 'archive' AND archive_id IS NOT NULL AND archive_size_bytes > 0 AND source_digest IS NOT NULL
            AND git_url IS NULL)
        OR (source_type = 'git' AND git_url IS NOT NULL AND archive_id IS NULL)),
    CONSTRAINT ck_deployments__failure CHECK (
        (failure_reason IS NOT NULL) = (state IN ('build_failed', 'update_failed'))
        AND (failure_reason IS NULL) = (failure_detail IS NULL)),
    CONSTRAINT ck_deployments__live_at CHECK (live_at IS NOT NULL OR state NOT IN ('live', 'deactivated')),
    CONSTRAINT ck_deployments__ended_at CHECK (
        (ended_at IS NOT NULL)
        = (state IN ('build_failed', 'update_failed', 'superseded', 'deactivated', 'canceled')))
);
-- An app has one version in service, and changes it once at a time.
CREATE UNIQUE INDEX uq_deployments__live ON deployments (app_id) WHERE state = 'live';
CREATE UNIQUE INDEX uq_deployments__updating ON deployments (app_id) WHERE state = 'update_in_progress';
CREATE INDEX ix_deployments__app ON deployments (tenant_id, app_id, created_at, id);
CREATE INDEX ix_deployments__unfinished ON deployments (tenant_id, state)
    WHERE state IN ('created', 'queued', 'build_in_progress', 'update_in_progress');
CREATE INDEX ix_deployments__archive ON deployments (id)
    WHERE archive_id IS NOT NULL AND archive_deleted_at IS NULL;
CREATE INDEX ix_deployments__log ON deployments (ended_at) WHERE ended_at IS NOT NULL AND log_deleted_at IS NULL;
CREATE INDEX ix_deployments__artifact ON deployments (tenant_id, artifact_id) WHERE artifact_id IS NOT NULL;
ALTER TABLE deployments ENABLE ROW LEVEL SECURITY;
ALTER TABLE deployments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deployments
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON deployments
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE ON deployments TO deploy_user;

CREATE TABLE deployment_transitions (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    from_state text,
    to_state text NOT NULL,
    request_id text DEFAULT NULLIF(current_setting('app.request_id', true), ''),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_deployment_transitions PRIMARY KEY (id),
    CONSTRAINT fk_deployment_transitions__deployment FOREIGN KEY (tenant_id, deployment_id)
        REFERENCES deployments (tenant_id, id)
);
CREATE INDEX ix_deployment_transitions__deployment ON deployment_transitions (tenant_id, deployment_id, created_at);
ALTER TABLE deployment_transitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE deployment_transitions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deployment_transitions
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON deployment_transitions TO deploy_user;

-- The same pairs as apps/deploy/src/deployments/deployment-states.ts (a spec walks all of them), so that no statement
-- can take a way the code does not know.
CREATE FUNCTION check_deployment_transition() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'created' THEN
            RAISE EXCEPTION 'a deployment begins as created, not as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM (VALUES
            ('created', 'queued'), ('created', 'canceled'), ('created', 'superseded'),
            ('queued', 'build_in_progress'), ('queued', 'update_in_progress'),
            ('queued', 'canceled'), ('queued', 'superseded'),
            ('build_in_progress', 'queued'), ('build_in_progress', 'build_failed'),
            ('build_in_progress', 'canceled'), ('build_in_progress', 'superseded'),
            ('update_in_progress', 'live'), ('update_in_progress', 'update_failed'), ('update_in_progress', 'canceled'),
            ('live', 'superseded'), ('live', 'deactivated')
        ) AS allowed (from_state, to_state)
        WHERE allowed.from_state = OLD.state AND allowed.to_state = NEW.state
    ) THEN
        RAISE EXCEPTION 'no transition leads from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_deployments__transition';
    END IF;
    INSERT INTO public.deployment_transitions (id, tenant_id, deployment_id, from_state, to_state)
    VALUES (public.uuid_generate_v4(), NEW.tenant_id, NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, NEW.state);
    RETURN NULL;
END
$$;
CREATE TRIGGER check_transition_on_insert AFTER INSERT ON deployments
    FOR EACH ROW EXECUTE FUNCTION check_deployment_transition();
CREATE TRIGGER check_transition_on_update AFTER UPDATE OF state ON deployments
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_deployment_transition();

-- One row per try of a step: written before it begins and again when it ended. One without an end was cut by a crash.
CREATE TABLE deployment_steps (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    step text NOT NULL,
    attempt integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_deployment_steps PRIMARY KEY (id),
    CONSTRAINT uq_deployment_steps__attempt UNIQUE (tenant_id, deployment_id, step, attempt),
    CONSTRAINT fk_deployment_steps__deployment FOREIGN KEY (tenant_id, deployment_id)
        REFERENCES deployments (tenant_id, id),
    CONSTRAINT ck_deployment_steps__outcome CHECK (
        outcome IN ('done', 'failed', 'canceled', 'interrupted') AND finished_at IS NOT NULL
        OR outcome IS NULL AND finished_at IS NULL)
);
ALTER TABLE deployment_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE deployment_steps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deployment_steps
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON deployment_steps
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE ON deployment_steps TO deploy_user;

-- Instances -----------------------------------------------------------------------------------------------------------

CREATE TABLE instances (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    app_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'starting',
    -- Whether the edge sends requests here, or is about to.
    routed boolean NOT NULL DEFAULT false,
    address_host text,
    address_port integer,
    memory_limit text NOT NULL,
    -- How many instances of the deployment ended in a row before this one; decides how long the next one waits.
    restarts integer NOT NULL DEFAULT 0,
    observed_at timestamptz(3),
    healthy_at timestamptz(3),
    drain_until timestamptz(3),
    exited_at timestamptz(3),
    exit_detail text,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_instances PRIMARY KEY (id),
    CONSTRAINT uq_instances__tenant UNIQUE (tenant_id, id),
    CONSTRAINT fk_instances__app FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id),
    CONSTRAINT fk_instances__deployment FOREIGN KEY (tenant_id, deployment_id) REFERENCES deployments (tenant_id, id),
    CONSTRAINT ck_instances__state CHECK (state IN ('starting', 'healthy', 'draining', 'exited')),
    CONSTRAINT ck_instances__memory_limit CHECK (memory_limit IN ('cgroup', 'watchdog')),
    CONSTRAINT ck_instances__routed CHECK (
        NOT routed OR state IN ('starting', 'healthy') AND address_host IS NOT NULL AND address_port IS NOT NULL)
);
CREATE UNIQUE INDEX uq_instances__routed ON instances (app_id) WHERE routed;
CREATE UNIQUE INDEX uq_instances__current ON instances (deployment_id) WHERE state IN ('starting', 'healthy');
CREATE INDEX ix_instances__deployment ON instances (tenant_id, deployment_id, created_at);
CREATE INDEX ix_instances__alive ON instances (id) WHERE state IN ('healthy', 'draining');
ALTER TABLE instances ENABLE ROW LEVEL SECURITY;
ALTER TABLE instances FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON instances
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON instances
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE ON instances TO deploy_user;

-- Work ----------------------------------------------------------------------------------------------------------------

-- Every deployment that has not ended and every instance that is to be restarted or drained has one row here.
-- A row that is held is due again when its lease runs out, so "due" is one comparison.
CREATE TABLE work_items (
    -- A deployment's or an instance's id.
    subject_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    holder uuid,
    -- Set when the holder shall stop and look at the subject anew.
    interrupted boolean NOT NULL DEFAULT false,
    -- How often in a row it ended in an error of the platform.
    failures integer NOT NULL DEFAULT 0,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_work_items PRIMARY KEY (subject_id),
    CONSTRAINT ck_work_items__kind CHECK (kind IN ('deployment', 'instance'))
);
CREATE INDEX ix_work_items__due ON work_items (due_at);
ALTER TABLE work_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE work_items FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON work_items
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON work_items
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE, DELETE ON work_items TO deploy_user;

CREATE TABLE edge_state (
    id boolean NOT NULL DEFAULT true,
    -- Grows with each list of routes the edge accepted.
    version bigint NOT NULL DEFAULT 0,
    marker text,
    applied_at timestamptz(3),
    CONSTRAINT pk_edge_state PRIMARY KEY (id),
    -- With the primary key: there is one row.
    CONSTRAINT ck_edge_state__id CHECK (id)
);
INSERT INTO edge_state (id) VALUES (true);
GRANT SELECT, UPDATE (version, marker, applied_at) ON edge_state TO deploy_user;

-- Over all tenants ----------------------------------------------------------------------------------------------------

-- What is due, in lanes that do not wait for each other, each with its own number of rows at most:
--   'build'       deployments that are to be built, or wait for it: they take long and load the machine
--   'deployment'  all others, the canceled ones too
--   'instance'    restarts and drains
CREATE FUNCTION work_claim(holder uuid, lease_seconds integer, lanes text[], max_rows integer[])
RETURNS TABLE (subject_id uuid, tenant_id uuid, kind text, lane text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.work_items w
    SET holder = work_claim.holder, due_at = clock_timestamp() + make_interval(secs => lease_seconds),
        interrupted = false
    FROM unnest(lanes, max_rows) AS l (lane, max_rows) CROSS JOIN LATERAL (
        SELECT d.subject_id FROM public.work_items d
        WHERE d.due_at <= now() AND l.lane = CASE
            WHEN d.kind = 'instance' THEN 'instance'
            WHEN EXISTS (
                SELECT FROM public.deployments b
                WHERE b.tenant_id = d.tenant_id AND b.id = d.subject_id AND b.artifact_id IS NULL
                  AND b.state IN ('created', 'queued', 'build_in_progress') AND b.cancel_requested_at IS NULL)
            THEN 'build'
            ELSE 'deployment' END
        ORDER BY d.due_at
        LIMIT l.max_rows
        FOR UPDATE OF d SKIP LOCKED
    ) AS due
    WHERE w.subject_id = due.subject_id
    RETURNING w.subject_id, w.tenant_id, w.kind, l.lane
$$;

-- A lease that ran out is not taken back: another may have the work in hand by now. Nor is one extended that its
-- holder does not work on any more and could not let go: it runs out, and somebody looks at the subject anew.
CREATE FUNCTION work_extend(holder uuid, lease_seconds integer, in_hand uuid[])
RETURNS TABLE (subject_id uuid, interrupted boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.work_items w
    SET due_at = clock_timestamp() + make_interval(secs => lease_seconds)
    WHERE w.holder = work_extend.holder AND w.subject_id = ANY (in_hand) AND w.due_at > clock_timestamp()
    RETURNING w.subject_id, w.interrupted
$$;

CREATE FUNCTION work_release(holder uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.work_items w SET holder = NULL, due_at = clock_timestamp() WHERE w.holder = work_release.holder
$$;

-- The safety net under the invariant "unfinished means there is work": nothing waits for ever.
CREATE FUNCTION work_repair() RETURNS TABLE (subject_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.work_items (subject_id, tenant_id, kind)
    SELECT d.id, d.tenant_id, 'deployment' FROM public.deployments d
    WHERE d.state IN ('created', 'queued', 'build_in_progress', 'update_in_progress')
      AND NOT EXISTS (SELECT FROM public.work_items w WHERE w.subject_id = d.id)
    UNION ALL
    SELECT i.id, i.tenant_id, 'instance' FROM public.instances i
    JOIN public.deployments d ON d.id = i.deployment_id
    WHERE (i.state = 'draining' OR i.state = 'starting' AND d.state = 'live')
      AND NOT EXISTS (SELECT FROM public.work_items w WHERE w.subject_id = i.id)
    ON CONFLICT ON CONSTRAINT pk_work_items DO NOTHING
    RETURNING work_items.subject_id
$$;

-- Takes what the engine knows, and what of it runs, and says what does not fit:
--   'lost'    should run (healthy or draining) and does not
--   'orphan'  the engine knows it although its row says that it has ended
--   'unknown' the engine knows it, and this database has never heard of it
CREATE FUNCTION instance_reconcile(known uuid[], running uuid[])
RETURNS TABLE (instance_id uuid, tenant_id uuid, verdict text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Not at each look: "observed less than a minute ago" needs no better.
    UPDATE public.instances i SET observed_at = clock_timestamp()
    WHERE i.id = ANY (running) AND i.state <> 'exited'
      AND (i.observed_at IS NULL OR i.observed_at < clock_timestamp() - interval '15 seconds');
    SELECT i.id, i.tenant_id, 'lost' FROM public.instances i
    WHERE i.state IN ('healthy', 'draining') AND i.id <> ALL (running)
    UNION ALL
    SELECT i.id, i.tenant_id, 'orphan' FROM public.instances i WHERE i.id = ANY (known) AND i.state = 'exited'
    UNION ALL
    SELECT k.id, NULL, 'unknown' FROM unnest(known) AS k (id)
    WHERE NOT EXISTS (SELECT FROM public.instances i WHERE i.id = k.id)
$$;

CREATE FUNCTION instance_locate(ids uuid[])
RETURNS TABLE (instance_id uuid, tenant_id uuid, app_id uuid, deployment_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT i.id, i.tenant_id, i.app_id, i.deployment_id FROM public.instances i WHERE i.id = ANY (ids)
$$;

-- More than ids, and reviewed for it: the edge is one for all tenants and its list of routes is replaced as a whole.
-- A host and where it leads, nothing else. No instance: the app is in service and has just nothing that answers.
CREATE FUNCTION edge_routes() RETURNS TABLE (host text, instance_id uuid, address_host text, address_port integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.host, i.id, i.address_host, i.address_port
    FROM (
        SELECT d.app_id FROM public.deployments d WHERE d.state = 'live'
        UNION SELECT r.app_id FROM public.instances r WHERE r.routed
    ) AS served
    JOIN public.apps a ON a.id = served.app_id
    LEFT JOIN public.instances i ON i.app_id = a.id AND i.routed
    ORDER BY a.host
$$;

-- Artifacts nobody can want any more: of an app's deployments that were live the newest `kept` keep theirs, and so
-- does every deployment that has not ended. In order of their ids, those after `after`.
CREATE FUNCTION artifact_find_unneeded(kept integer, grace_seconds integer, after uuid, max_rows integer)
RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.id, f.tenant_id FROM public.artifacts f
    WHERE f.id > after AND f.deleted_at IS NULL AND f.updated_at < now() - make_interval(secs => grace_seconds)
      AND NOT EXISTS (
        SELECT FROM public.deployments d
        WHERE d.tenant_id = f.tenant_id AND d.artifact_id = f.id
          AND (d.ended_at IS NULL OR d.ended_at > now() - make_interval(secs => grace_seconds)))
      AND f.id <> ALL (ARRAY(
        SELECT newest.artifact_id FROM (
            SELECT d.artifact_id, max(d.number) AS number FROM public.deployments d
            WHERE d.tenant_id = f.tenant_id AND d.app_id = f.app_id AND d.live_at IS NOT NULL
              AND d.artifact_id IS NOT NULL
            GROUP BY d.artifact_id
            ORDER BY 2 DESC LIMIT kept
        ) AS newest))
    ORDER BY f.id
    LIMIT max_rows
$$;

-- Uploads whose deployment has ended or has its artifact: nobody reads them again. In order of the deployments' ids.
CREATE FUNCTION archive_find_unneeded(after uuid, max_rows integer) RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.id, d.tenant_id FROM public.deployments d
    WHERE d.id > after AND d.archive_id IS NOT NULL AND d.archive_deleted_at IS NULL AND d.rollback_of IS NULL
      AND (d.ended_at IS NOT NULL OR d.artifact_id IS NOT NULL)
    ORDER BY d.id
    LIMIT max_rows
$$;

-- Logs of deployments that ended more than `days` ago; what still runs of one may write. In order of their ids.
CREATE FUNCTION log_find_expired(days integer, after uuid, max_rows integer) RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.id, d.tenant_id FROM public.deployments d
    WHERE d.id > after AND d.ended_at < now() - make_interval(days => log_find_expired.days)
      AND d.log_deleted_at IS NULL
      AND NOT EXISTS (
        SELECT FROM public.instances i
        WHERE i.tenant_id = d.tenant_id AND i.deployment_id = d.id AND i.state <> 'exited')
    ORDER BY d.id
    LIMIT max_rows
$$;

GRANT SELECT ON apps, deployments, artifacts, instances, work_items TO deploy_claimer;
GRANT UPDATE (holder, due_at, interrupted) ON work_items TO deploy_claimer;
GRANT INSERT (subject_id, tenant_id, kind) ON work_items TO deploy_claimer;
GRANT UPDATE (observed_at) ON instances TO deploy_claimer;
GRANT EXECUTE ON FUNCTION
    work_claim(uuid, integer, text[], integer[]),
    work_extend(uuid, integer, uuid[]),
    work_release(uuid),
    work_repair(),
    instance_reconcile(uuid[], uuid[]),
    instance_locate(uuid[]),
    edge_routes(),
    artifact_find_unneeded(integer, integer, uuid, integer),
    archive_find_unneeded(uuid, integer),
    log_find_expired(integer, uuid, integer)
    TO deploy_user;

GRANT CREATE ON SCHEMA public TO deploy_claimer;
ALTER FUNCTION work_claim(uuid, integer, text[], integer[]) OWNER TO deploy_claimer;
ALTER FUNCTION work_extend(uuid, integer, uuid[]) OWNER TO deploy_claimer;
ALTER FUNCTION work_release(uuid) OWNER TO deploy_claimer;
ALTER FUNCTION work_repair() OWNER TO deploy_claimer;
ALTER FUNCTION instance_reconcile(uuid[], uuid[]) OWNER TO deploy_claimer;
ALTER FUNCTION instance_locate(uuid[]) OWNER TO deploy_claimer;
ALTER FUNCTION edge_routes() OWNER TO deploy_claimer;
ALTER FUNCTION artifact_find_unneeded(integer, integer, uuid, integer) OWNER TO deploy_claimer;
ALTER FUNCTION archive_find_unneeded(uuid, integer) OWNER TO deploy_claimer;
ALTER FUNCTION log_find_expired(integer, uuid, integer) OWNER TO deploy_claimer;
REVOKE CREATE ON SCHEMA public FROM deploy_claimer;
