-- An event whose handler ends its process is delivered again and again: nothing in that process is left to count. So an
-- attempt at an event that was delivered before is on record before its handler runs, and an event whose attempts are
-- used up becomes a dead letter although nobody saw them fail. First deliveries, nearly all there are, write nothing.
-- The file is the same for each service but for the role names.

CREATE TABLE event_attempts (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid,
    -- Attempts that count against the event, halves included, with the one that has begun.
    used double precision NOT NULL,
    -- The last attempt has not ended. That stays true when its process ends.
    is_begun boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_event_attempts PRIMARY KEY (consumer, event_id)
);
ALTER TABLE event_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_or_platform ON event_attempts
    USING (tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::uuid);
-- The row goes when the event was handled or became a dead letter.
GRANT SELECT, UPDATE (used, is_begun), DELETE,
    INSERT (consumer, event_id, tenant_id, used, is_begun) ON event_attempts TO monitor_user;
GRANT SELECT, DELETE ON event_attempts TO monitor_claimer;

-- As before, and attempts of 30 days ago: no stream keeps an event that long.
CREATE OR REPLACE FUNCTION purge_history(max_rows integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deleted integer;
    total integer := 0;
BEGIN
    DELETE FROM public.outbox o WHERE o.id IN (
        SELECT p.id FROM public.outbox p
        WHERE p.created_at < public.outbox_republished_since() AND p.published_at IS NOT NULL LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM public.inbox i WHERE (i.consumer, i.event_id) IN (
        SELECT p.consumer, p.event_id FROM public.inbox p
        WHERE p.processed_at < now() - interval '90 days' LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM public.event_attempts a WHERE (a.consumer, a.event_id) IN (
        SELECT p.consumer, p.event_id FROM public.event_attempts p
        WHERE p.created_at < now() - interval '30 days' LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM public.dead_letters d WHERE d.id IN (
        SELECT p.id FROM public.dead_letters p
        WHERE p.created_at < now() - interval '90 days' AND p.replayed_at < now() - interval '90 days' LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM public.idempotent_requests r WHERE r.id IN (
        SELECT p.id FROM public.idempotent_requests p
        WHERE p.created_at < now() - interval '2 days' LIMIT max_rows);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN total + deleted;
END
$$;
