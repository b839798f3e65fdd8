-- What every service's database starts with: closed doors, audit columns, the outbox and its siblings.
-- The file is the same for each service but for the role names. Run by <service>_owner; flyway_schema_history
-- exists before it runs. See migrations/README.md for how a service's own tables follow.
--
-- Tables, as the app role sees them (I = insert, S = select, U = update of the named columns):
--   service_configuration  S, U(settings)     one row, no tenant
--   outbox                 I, S               events to be published; published rows are kept
--   outbox_streams         (functions only)   what the relay knows of each stream
--   inbox                  I, S               events that had their effect here
--   dead_letters           I, S, U(replayed_at)
--   idempotent_requests    I, S, U(response)
--
-- Functions the app role may call. They run as <service>_claimer, which row-level security does not bind:
--   outbox_claim(stream text, max_rows integer)
--       -> rows (id uuid, tenant_id uuid, type text, envelope jsonb, created_at timestamptz, attempts integer)
--       Locks unpublished rows that are due until the transaction ends; rows locked by another relay are skipped.
--       Publish them, then call outbox_mark_published / outbox_mark_failed in the SAME transaction. A relay that
--       dies in between leaves them unpublished.
--   outbox_mark_published(stream text, stream_created_at timestamptz, ids uuid[], sequences bigint[]) -> integer
--       ids[i] was stored at sequences[i] of the stream created at stream_created_at. Returns how many rows
--       were marked; 0 when another stream has been found meanwhile, or what one lost is still being looked for
--       (they are published again then).
--   outbox_mark_failed(ids uuid[], error text) -> void
--       One more attempt, exponential backoff from 1 s to 60 s.
--   outbox_republish_lost(stream text, stream_created_at timestamptz, last_sequence bigint, max_rows integer) -> integer
--       To be called with STREAM.INFO's `created` (its text, unaltered) and `last_seq` on each connect and
--       periodically, before publishing. A stream created at another time than the known one lost everything, one
--       that is shorter lost its tail: those rows become unpublished again, at most max_rows of them. Returns how
--       many; to be called again, each time in a transaction of its own, until that is 0. Nothing is marked before.
--   outbox_depth() -> one row (unpublished bigint, oldest_age_seconds double precision)   oldest is 0 when empty
--   dead_letter_list(max_rows integer, include_replayed boolean, only_id uuid)      only_id null: all
--       -> rows (id, tenant_id, consumer, event_id, event_type, error, attempts, created_at, replayed_at), newest first
--       For the operator's list over all tenants: no payload. To replay, enter the tenant, select the row FOR UPDATE,
--       run the handler, set replayed_at, commit.
--   purge_history(max_rows integer) -> integer
--       Deletes what is past its retention (see the function), at most max_rows of each table; returns how many.

-- Doors ---------------------------------------------------------------------------------------------------------------

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO billing_user', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO billing_user, billing_claimer;
-- Functions and types are the two kinds of object that PUBLIC may use unless told otherwise.
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC;

CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;

-- Audit columns -------------------------------------------------------------------------------------------------------

-- BEFORE UPDATE on every table with audit columns: who created a row, and when, can't be rewritten.
CREATE FUNCTION set_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.created_at := OLD.created_at;
    NEW.created_by := OLD.created_by;
    NEW.updated_at := clock_timestamp();
    NEW.updated_by := NULLIF(current_setting('app.actor_id', true), '');
    RETURN NEW;
END
$$;

-- Configuration -------------------------------------------------------------------------------------------------------

CREATE TABLE service_configuration (
    service text NOT NULL DEFAULT 'billing',
    settings jsonb NOT NULL DEFAULT '{}',
    schema_version text NOT NULL,
    initialised_at timestamptz(3) NOT NULL DEFAULT now(),
    CONSTRAINT pk_service_configuration PRIMARY KEY (service),
    -- With the primary key: there is one row.
    CONSTRAINT ck_service_configuration__service CHECK (service = 'billing'),
    CONSTRAINT ck_service_configuration__settings CHECK (jsonb_typeof(settings) = 'object')
);
INSERT INTO service_configuration (schema_version) VALUES ('1.0.0');
GRANT SELECT, UPDATE (settings) ON service_configuration TO billing_user;

-- A trigger rather than the runner, so that Flyway itself keeps the version too.
CREATE FUNCTION set_schema_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.service_configuration SET schema_version = NEW.version;
    RETURN NULL;
END
$$;
CREATE TRIGGER set_schema_version AFTER INSERT ON flyway_schema_history
    FOR EACH ROW WHEN (NEW.success AND NEW.version IS NOT NULL AND NEW.type = 'SQL')
    EXECUTE FUNCTION set_schema_version();
-- Readiness tells whether the schema is the one the service was built for.
GRANT SELECT ON flyway_schema_history TO billing_user;

-- Outbox --------------------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid,
    stream text NOT NULL,
    type text NOT NULL,
    -- The CloudEvent as it is published; request id, trace and actor ride in it.
    envelope jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    stream_sequence bigint,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error text,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox__published CHECK ((published_at IS NULL) = (stream_sequence IS NULL)),
    -- What a consumer believes must be what the policy below has checked.
    CONSTRAINT ck_outbox__envelope CHECK (
        envelope ->> 'id' = id::text
        AND envelope ->> 'type' = type
        AND (envelope ->> 'tenantid') IS NOT DISTINCT FROM tenant_id::text
    )
);
CREATE INDEX ix_outbox__due ON outbox (stream, next_attempt_at, id) WHERE published_at IS NULL;
CREATE INDEX ix_outbox__sequence ON outbox (stream, stream_sequence) WHERE published_at IS NOT NULL;
CREATE INDEX ix_outbox__created_at ON outbox USING brin (created_at);

-- The one shape for tables that hold rows of tenants and of the platform: inside a tenant its rows and no others,
-- outside of any tenant the platform's rows and no others.
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_or_platform ON outbox
    USING (tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::uuid);

-- A row begins unpublished: an app can't insert one that would never go out.
GRANT SELECT, INSERT (id, tenant_id, stream, type, envelope) ON outbox TO billing_user;
GRANT SELECT, DELETE, UPDATE (published_at, stream_sequence, attempts, next_attempt_at, last_error)
    ON outbox TO billing_claimer;

CREATE TABLE outbox_streams (
    stream text NOT NULL,
    stream_created_at timestamptz NOT NULL,
    last_sequence bigint NOT NULL,
    -- While rows the stream lost are being made unpublished: those with a higher sequence are lost.
    kept_up_to bigint,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_outbox_streams PRIMARY KEY (stream)
);
GRANT SELECT, INSERT, UPDATE ON outbox_streams TO billing_claimer;

-- Retention of the two sides belongs together: a consumer must remember an event for longer than its publisher may
-- publish it again, or a wiped stream would bring old events their effect twice. Events are published again for
-- 60 days after they were written; an inbox remembers for 90.
CREATE FUNCTION outbox_republished_since() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT now() - interval '60 days'
$$;

CREATE FUNCTION outbox_claim(stream text, max_rows integer)
RETURNS TABLE (id uuid, tenant_id uuid, type text, envelope jsonb, created_at timestamptz, attempts integer)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.id, o.tenant_id, o.type, o.envelope, o.created_at, o.attempts
    FROM public.outbox o
    WHERE o.published_at IS NULL AND o.stream = outbox_claim.stream AND o.next_attempt_at <= clock_timestamp()
    ORDER BY o.next_attempt_at, o.id
    LIMIT outbox_claim.max_rows
    FOR UPDATE SKIP LOCKED
$$;

CREATE FUNCTION outbox_mark_published(stream text, stream_created_at timestamptz, ids uuid[], sequences bigint[])
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    marked integer;
BEGIN
    -- The lock orders this after or before a relay that finds the stream lost, so an acknowledgement of the old
    -- stream can't be recorded against the new one.
    UPDATE public.outbox_streams s
    SET last_sequence = greatest(s.last_sequence, (SELECT max(q) FROM unnest(sequences) q))
    WHERE s.stream = outbox_mark_published.stream
      AND s.stream_created_at = outbox_mark_published.stream_created_at
      AND s.kept_up_to IS NULL;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    -- A sequence is given once. When it comes again the stream was cut behind our back and the earlier holder is lost.
    UPDATE public.outbox o
    SET published_at = NULL, stream_sequence = NULL, next_attempt_at = clock_timestamp()
    WHERE o.published_at IS NOT NULL AND o.stream = outbox_mark_published.stream
      AND o.stream_sequence = ANY (sequences) AND o.id <> ALL (ids)
      AND o.created_at >= public.outbox_republished_since();
    UPDATE public.outbox o
    SET published_at = clock_timestamp(), stream_sequence = p.sequence, attempts = o.attempts + 1, last_error = NULL
    FROM unnest(ids, sequences) AS p (id, sequence)
    WHERE o.id = p.id AND o.stream = outbox_mark_published.stream;
    GET DIAGNOSTICS marked = ROW_COUNT;
    RETURN marked;
END
$$;

CREATE FUNCTION outbox_mark_failed(ids uuid[], error text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.outbox o
    SET attempts = o.attempts + 1,
        next_attempt_at = clock_timestamp() + least(interval '1 second' * 2 ^ least(o.attempts, 6), interval '60 seconds'),
        last_error = left(error, 1000)
    WHERE o.id = ANY (ids) AND o.published_at IS NULL
$$;

-- In portions, as a wiped stream may have held 60 days of events. The first call notes what it found, which keeps marks
-- out until the last: no row becomes published in between, so the calls come to an end, and one that died is continued
-- by whoever calls next. A stream of an older creation time (a store restored from a backup) is another stream too.
-- Two relays that see different streams for a moment cost at most that events are published again.
CREATE FUNCTION outbox_republish_lost(
    stream text, stream_created_at timestamptz, last_sequence bigint, max_rows integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known public.outbox_streams;
    kept bigint;
    lost integer;
BEGIN
    INSERT INTO public.outbox_streams AS s (stream, stream_created_at, last_sequence)
    VALUES (outbox_republish_lost.stream, outbox_republish_lost.stream_created_at, outbox_republish_lost.last_sequence)
    ON CONFLICT ON CONSTRAINT pk_outbox_streams DO NOTHING;
    SELECT s.* INTO STRICT known
    FROM public.outbox_streams s WHERE s.stream = outbox_republish_lost.stream FOR UPDATE;
    IF outbox_republish_lost.stream_created_at <> known.stream_created_at THEN
        kept := 0;
    ELSIF outbox_republish_lost.last_sequence < known.last_sequence THEN
        kept := least(known.kept_up_to, outbox_republish_lost.last_sequence);
    ELSE
        kept := known.kept_up_to;
    END IF;
    IF kept IS NOT NULL THEN
        UPDATE public.outbox o
        -- The same instant for all of them: they go out in the order of their ids.
        SET published_at = NULL, stream_sequence = NULL, next_attempt_at = now()
        WHERE o.id IN (
            SELECT p.id FROM public.outbox p
            WHERE p.published_at IS NOT NULL AND p.stream = outbox_republish_lost.stream
              AND p.stream_sequence > kept
              AND p.created_at >= public.outbox_republished_since()
            ORDER BY p.stream_sequence
            LIMIT greatest(outbox_republish_lost.max_rows, 1));
        GET DIAGNOSTICS lost = ROW_COUNT;
        IF lost > 0 THEN
            UPDATE public.outbox_streams s
            SET stream_created_at = outbox_republish_lost.stream_created_at, kept_up_to = kept
            WHERE s.stream = outbox_republish_lost.stream;
            RETURN lost;
        END IF;
    END IF;
    UPDATE public.outbox_streams s
    SET stream_created_at = outbox_republish_lost.stream_created_at,
        last_sequence = outbox_republish_lost.last_sequence,
        kept_up_to = NULL,
        checked_at = clock_timestamp()
    WHERE s.stream = outbox_republish_lost.stream;
    RETURN 0;
END
$$;

CREATE FUNCTION outbox_depth() RETURNS TABLE (unpublished bigint, oldest_age_seconds double precision)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(o.created_at)), 0)::double precision
    FROM public.outbox o WHERE o.published_at IS NULL
$$;

-- Inbox ---------------------------------------------------------------------------------------------------------------

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid,
    processed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);
CREATE INDEX ix_inbox__processed_at ON inbox USING brin (processed_at);
ALTER TABLE inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_or_platform ON inbox
    USING (tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT (consumer, event_id, tenant_id) ON inbox TO billing_user;
GRANT SELECT, DELETE ON inbox TO billing_claimer;

-- Dead letters --------------------------------------------------------------------------------------------------------

CREATE TABLE dead_letters (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid,
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    envelope jsonb NOT NULL,
    error text NOT NULL,
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    replayed_at timestamptz,
    CONSTRAINT pk_dead_letters PRIMARY KEY (id)
);
-- One open letter per event and consumer, so that a crash between writing it and ending the message writes it once:
-- INSERT … ON CONFLICT (consumer, event_id) WHERE replayed_at IS NULL DO NOTHING.
CREATE UNIQUE INDEX uq_dead_letters__open ON dead_letters (consumer, event_id) WHERE replayed_at IS NULL;
CREATE INDEX ix_dead_letters__created_at ON dead_letters (created_at);
ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_or_platform ON dead_letters
    USING (tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, UPDATE (replayed_at),
    INSERT (id, tenant_id, consumer, event_id, event_type, envelope, error, attempts) ON dead_letters TO billing_user;
GRANT SELECT, DELETE ON dead_letters TO billing_claimer;

CREATE FUNCTION dead_letter_list(max_rows integer, include_replayed boolean, only_id uuid)
RETURNS TABLE (
    id uuid, tenant_id uuid, consumer text, event_id uuid, event_type text, error text, attempts integer,
    created_at timestamptz, replayed_at timestamptz
)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.id, d.tenant_id, d.consumer, d.event_id, d.event_type, d.error, d.attempts, d.created_at, d.replayed_at
    FROM public.dead_letters d
    WHERE (dead_letter_list.include_replayed OR d.replayed_at IS NULL)
      AND (dead_letter_list.only_id IS NULL OR d.id = dead_letter_list.only_id)
    ORDER BY d.created_at DESC
    LIMIT dead_letter_list.max_rows
$$;

-- Idempotent requests -------------------------------------------------------------------------------------------------

CREATE TABLE idempotent_requests (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid,
    operation text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of the canonical request.
    request_hash bytea NOT NULL,
    -- Null while the first request's transaction is open, which nobody else can see.
    response jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_idempotent_requests PRIMARY KEY (id),
    CONSTRAINT uq_idempotent_requests__key UNIQUE NULLS NOT DISTINCT (tenant_id, operation, key),
    CONSTRAINT ck_idempotent_requests__key CHECK (length(key) BETWEEN 1 AND 255),
    CONSTRAINT ck_idempotent_requests__request_hash CHECK (length(request_hash) = 32)
);
CREATE INDEX ix_idempotent_requests__created_at ON idempotent_requests USING brin (created_at);
ALTER TABLE idempotent_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotent_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_or_platform ON idempotent_requests
    USING (tenant_id IS NOT DISTINCT FROM NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, UPDATE (response), INSERT (id, tenant_id, operation, key, request_hash, response)
    ON idempotent_requests TO billing_user;
GRANT SELECT, DELETE ON idempotent_requests TO billing_claimer;

-- Retention -----------------------------------------------------------------------------------------------------------

-- The horizons stand here and not in a parameter: whoever may call this must not be able to erase recent history.
-- Published events 60 days, inbox 90 days (see outbox_republished_since), replayed dead letters 90 days, open ones
-- never, idempotency keys 2 days.
CREATE FUNCTION purge_history(max_rows integer) RETURNS integer
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

-- Who runs them -------------------------------------------------------------------------------------------------------

GRANT EXECUTE ON FUNCTION outbox_republished_since() TO billing_claimer;
GRANT EXECUTE ON FUNCTION
    outbox_claim(text, integer),
    outbox_mark_published(text, timestamptz, uuid[], bigint[]),
    outbox_mark_failed(uuid[], text),
    outbox_republish_lost(text, timestamptz, bigint, integer),
    outbox_depth(),
    dead_letter_list(integer, boolean, uuid),
    purge_history(integer)
    TO billing_user;

-- A function's owner must be able to create in its schema at the moment it is handed over, and not after.
GRANT CREATE ON SCHEMA public TO billing_claimer;
ALTER FUNCTION outbox_claim(text, integer) OWNER TO billing_claimer;
ALTER FUNCTION outbox_mark_published(text, timestamptz, uuid[], bigint[]) OWNER TO billing_claimer;
ALTER FUNCTION outbox_mark_failed(uuid[], text) OWNER TO billing_claimer;
ALTER FUNCTION outbox_republish_lost(text, timestamptz, bigint, integer) OWNER TO billing_claimer;
ALTER FUNCTION outbox_depth() OWNER TO billing_claimer;
ALTER FUNCTION dead_letter_list(integer, boolean, uuid) OWNER TO billing_claimer;
ALTER FUNCTION purge_history(integer) OWNER TO billing_claimer;
REVOKE CREATE ON SCHEMA public FROM billing_claimer;
