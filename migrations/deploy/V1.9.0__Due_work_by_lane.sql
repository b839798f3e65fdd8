-- What is due of one lane was found by walking over all that is due, and asking of each row which lane it belongs to:
-- 40 ms for each look of each worker while 50,000 builds wait. Now the row says it, and an index goes by it. How much of a
-- lane is held was counted by reading the whole table.

-- As work_claim has always seen it: see "Build slots" in V1.5.0.
CREATE FUNCTION is_to_be_built(deployment deployments) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT deployment.artifact_id IS NULL AND deployment.cancel_requested_at IS NULL
        AND deployment.state IN ('created', 'queued', 'build_in_progress')
$$;
GRANT EXECUTE ON FUNCTION is_to_be_built(deployments) TO deploy_user, deploy_claimer;

-- In which lane it is claimed when it is due. `lane` stays the one in which it was claimed last.
ALTER TABLE work_items ADD COLUMN due_lane text NOT NULL DEFAULT 'deployment';
GRANT UPDATE (due_lane) ON work_items TO deploy_user;

CREATE FUNCTION set_due_lane() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.due_lane := CASE
        WHEN NEW.kind = 'instance' THEN 'instance'
        WHEN EXISTS (
            SELECT FROM public.deployments d
            WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.subject_id AND public.is_to_be_built(d)) THEN 'build'
        ELSE 'deployment' END;
    RETURN NEW;
END
$$;
CREATE TRIGGER set_due_lane BEFORE INSERT ON work_items
    FOR EACH ROW EXECUTE FUNCTION set_due_lane();

CREATE FUNCTION change_due_lane() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.work_items SET due_lane = CASE WHEN public.is_to_be_built(NEW) THEN 'build' ELSE 'deployment' END
    WHERE tenant_id = NEW.tenant_id AND subject_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER change_due_lane AFTER UPDATE OF state, artifact_id, cancel_requested_at ON deployments
    FOR EACH ROW WHEN (is_to_be_built(OLD) <> is_to_be_built(NEW)) EXECUTE FUNCTION change_due_lane();

ALTER TABLE deployments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE work_items NO FORCE ROW LEVEL SECURITY;
UPDATE work_items SET due_lane = 'instance' WHERE kind = 'instance';
UPDATE work_items w SET due_lane = 'build' FROM deployments d
    WHERE d.tenant_id = w.tenant_id AND d.id = w.subject_id AND is_to_be_built(d);
ALTER TABLE work_items FORCE ROW LEVEL SECURITY;
ALTER TABLE deployments FORCE ROW LEVEL SECURITY;

-- Unfinished work is few rows: they are looked through in a moment.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_work_items__due_lane ON work_items (due_lane, due_at);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_work_items__held ON work_items (lane) WHERE holder IS NOT NULL;
-- By it the planner would walk over all that is due, still.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX ix_work_items__due;

-- As before, by the lane that the row says.
CREATE OR REPLACE FUNCTION work_claim(
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
                WHERE d.due_lane = wanted.lane AND d.due_at <= now()
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
