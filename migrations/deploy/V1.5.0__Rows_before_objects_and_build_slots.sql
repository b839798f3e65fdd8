-- Every object in storage belongs to a row that was committed before its first byte was written:
--
--   an upload      archive_uploads, until a deployment is created of it; then deployments.archive_id
--   an artifact    artifacts, 'pending' while it is built, then 'stored', until deleted_at
--
-- What stays behind when a process dies (an upload nobody named, an artifact nobody finished) is found by its row when its
-- time has run out, never by "looks unused". The time is the longest that its writer may take, and a time of grace.
--
-- Tables, as the app role sees them:
--   archive_uploads   I, S, U(expires_at), D
--   artifacts         I, S, U(state, digest, size_bytes, deleted_at), D
--
-- Functions over all tenants:
--   archive_upload_find_expired(after uuid, max_rows integer)  -> (id, tenant_id)
--   artifact_find_expired(after uuid, max_rows integer)        -> (id, tenant_id)
--   work_claim(…, max_held integer[])                          as before, with a bound over all processes

-- Uploads --------------------------------------------------------------------------------------------------------------

CREATE TABLE archive_uploads (
    -- The archive's.
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    app_id uuid NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_archive_uploads PRIMARY KEY (id),
    CONSTRAINT fk_archive_uploads__app FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id)
);
CREATE INDEX ix_archive_uploads__app ON archive_uploads (tenant_id, app_id);
CREATE INDEX ix_archive_uploads__expires_at ON archive_uploads (expires_at);
ALTER TABLE archive_uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE archive_uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON archive_uploads
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON archive_uploads
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (expires_at), DELETE ON archive_uploads TO deploy_user;

CREATE FUNCTION archive_upload_find_expired(after uuid, max_rows integer) RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.id, u.tenant_id FROM public.archive_uploads u
    WHERE u.id > after AND u.expires_at <= now()
    ORDER BY u.id
    LIMIT max_rows
$$;

-- Artifacts ------------------------------------------------------------------------------------------------------------

-- 'stored' by default, for what is there already and for a release that knows nothing of rows before objects.
-- Digest and size are known when it was built; until then it has an end: when nobody can be building it any more.
ALTER TABLE artifacts ADD COLUMN state text NOT NULL DEFAULT 'stored';
ALTER TABLE artifacts ADD COLUMN expires_at timestamptz(3);
-- The check below asks for both where they were asked for before.
-- squawk-ignore ban-drop-not-null
ALTER TABLE artifacts ALTER COLUMN digest DROP NOT NULL;
-- squawk-ignore ban-drop-not-null
ALTER TABLE artifacts ALTER COLUMN size_bytes DROP NOT NULL;
-- A row for each build is few rows: they are looked through in a moment.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE artifacts ADD CONSTRAINT ck_artifacts__state CHECK (
    state = 'pending' AND digest IS NULL AND expires_at IS NOT NULL AND deleted_at IS NULL
    OR state = 'stored' AND digest IS NOT NULL AND size_bytes IS NOT NULL);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_artifacts__pending ON artifacts (id) WHERE state = 'pending';
GRANT UPDATE (state, digest, size_bytes), DELETE ON artifacts TO deploy_user;

CREATE FUNCTION artifact_find_expired(after uuid, max_rows integer) RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.id, f.tenant_id FROM public.artifacts f
    WHERE f.id > after AND f.state = 'pending' AND f.expires_at <= now()
    ORDER BY f.id
    LIMIT max_rows
$$;

-- As before, of those that are stored.
CREATE OR REPLACE FUNCTION artifact_find_unneeded(kept integer, grace_seconds integer, after uuid, max_rows integer)
RETURNS TABLE (id uuid, tenant_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.id, f.tenant_id FROM public.artifacts f
    WHERE f.id > after AND f.state = 'stored' AND f.deleted_at IS NULL
      AND f.updated_at < now() - make_interval(secs => grace_seconds)
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

-- Build slots ----------------------------------------------------------------------------------------------------------

-- In which lane it was claimed last. What holds a slot of the lane is held in it, whatever its subject becomes
-- meanwhile: a build that is being canceled still runs.
ALTER TABLE work_items ADD COLUMN lane text;

-- What is due, in lanes that do not wait for each other:
--   'build'       deployments that are to be built, or wait for it: they take long and load the machine
--   'deployment'  all others, the canceled ones too
--   'instance'    restarts and drains
-- `max_rows` is how many this call takes of each lane; `max_held` (null: no bound) how many all holders together may
-- hold of it. A lane with such a bound is claimed by one at a time, so the bound is exact however many ask at once.
-- The one without bounds stays for a release that still calls it.
CREATE FUNCTION work_claim(
    holder uuid, lease_seconds integer, lanes text[], max_rows integer[], max_held integer[])
RETURNS TABLE (subject_id uuid, tenant_id uuid, kind text, lane text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted record;
    slots integer;
BEGIN
    FOR wanted IN SELECT * FROM unnest(lanes, max_rows, max_held) AS l (lane, max_rows, max_held) ORDER BY l.lane LOOP
        slots := wanted.max_rows;
        IF slots > 0 AND wanted.max_held IS NOT NULL THEN
            -- Until the end of the transaction, which is this one statement. The next one counts what it has committed:
            -- in READ COMMITTED each statement of this function sees what was committed when it began.
            PERFORM pg_advisory_xact_lock(hashtext('work_claim'), hashtext(wanted.lane));
            slots := least(slots, wanted.max_held - (
                SELECT count(*)::integer FROM public.work_items w
                WHERE w.lane = wanted.lane AND w.holder IS NOT NULL AND w.due_at > clock_timestamp()));
        END IF;
        CONTINUE WHEN slots <= 0;
        RETURN QUERY
            WITH due AS (
                SELECT d.subject_id FROM public.work_items d
                WHERE d.due_at <= now() AND wanted.lane = CASE
                    WHEN d.kind = 'instance' THEN 'instance'
                    WHEN EXISTS (
                        SELECT FROM public.deployments b
                        WHERE b.tenant_id = d.tenant_id AND b.id = d.subject_id AND b.artifact_id IS NULL
                          AND b.state IN ('created', 'queued', 'build_in_progress') AND b.cancel_requested_at IS NULL)
                    THEN 'build'
                    ELSE 'deployment' END
                ORDER BY d.due_at
                LIMIT slots
                FOR UPDATE OF d SKIP LOCKED
            )
            UPDATE public.work_items w
            SET holder = work_claim.holder, lane = wanted.lane, interrupted = false,
                due_at = clock_timestamp() + make_interval(secs => work_claim.lease_seconds)
            FROM due WHERE w.subject_id = due.subject_id
            RETURNING w.subject_id, w.tenant_id, w.kind, w.lane;
    END LOOP;
END
$$;

GRANT SELECT ON archive_uploads TO deploy_claimer;
GRANT UPDATE (lane) ON work_items TO deploy_claimer;
GRANT EXECUTE ON FUNCTION
    archive_upload_find_expired(uuid, integer),
    artifact_find_expired(uuid, integer),
    work_claim(uuid, integer, text[], integer[], integer[])
    TO deploy_user;

GRANT CREATE ON SCHEMA public TO deploy_claimer;
ALTER FUNCTION archive_upload_find_expired(uuid, integer) OWNER TO deploy_claimer;
ALTER FUNCTION artifact_find_expired(uuid, integer) OWNER TO deploy_claimer;
ALTER FUNCTION artifact_find_unneeded(integer, integer, uuid, integer) OWNER TO deploy_claimer;
ALTER FUNCTION work_claim(uuid, integer, text[], integer[], integer[]) OWNER TO deploy_claimer;
REVOKE CREATE ON SCHEMA public FROM deploy_claimer;
