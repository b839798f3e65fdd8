-- Makes two things true that V1.0.0 only meant: what was written as history stays as it was written, whatever a later
-- migration grants by mistake, and `service_configuration.schema_version` is right after every verb of the migration
-- runner, not only after a file in order. The file is the same for each service but for the role names.

-- History -------------------------------------------------------------------------------------------------------------

-- Statement by statement and by column, so it costs nothing where only the bookkeeping of a row moves on. Deleting is
-- for purge_history and its like, whose horizons stand in their bodies and which run as the claimer. A superuser is let
-- through: he could drop the trigger as well.
CREATE FUNCTION keep_history() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('is_superuser')::boolean OR TG_OP = 'DELETE' AND current_user = 'billing_claimer' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% keeps its history: % is not for this role', TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER keep_history
    BEFORE DELETE OR TRUNCATE OR UPDATE OF id, tenant_id, stream, type, envelope, created_at ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();
CREATE TRIGGER keep_history
    BEFORE DELETE OR TRUNCATE OR UPDATE ON inbox
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();
CREATE TRIGGER keep_history
    BEFORE DELETE OR TRUNCATE
        OR UPDATE OF id, tenant_id, consumer, event_id, event_type, envelope, error, attempts, created_at
    ON dead_letters
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();
CREATE TRIGGER keep_history
    BEFORE DELETE OR TRUNCATE OR UPDATE OF id, tenant_id, operation, key, request_hash, created_at
    ON idempotent_requests
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();

-- The version of the schema -------------------------------------------------------------------------------------------

-- The highest version whose last entry is a success: files may come out of order, be undone, fail, be repaired or be
-- baselined. Numbers are compared as numbers, so that 1.10 comes after 1.9.
CREATE OR REPLACE FUNCTION set_schema_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.service_configuration SET schema_version = coalesce((
        SELECT entry.version
        FROM (
            SELECT DISTINCT ON (h.version) h.version, h.type, h.success
            FROM public.flyway_schema_history h
            WHERE h.version IS NOT NULL
            ORDER BY h.version, h.installed_rank DESC
        ) AS entry
        WHERE entry.success AND entry.type NOT IN ('UNDO_SQL', 'DELETE')
        ORDER BY string_to_array(translate(entry.version, '_', '.'), '.')::bigint[] DESC
        LIMIT 1), '0');
    RETURN NULL;
END
$$;
DROP TRIGGER set_schema_version ON flyway_schema_history;
CREATE TRIGGER set_schema_version AFTER INSERT OR UPDATE OR DELETE ON flyway_schema_history
    FOR EACH STATEMENT EXECUTE FUNCTION set_schema_version();
