-- `tenants.schema_version` came from a trigger on inserts into a tenant's own history alone. It was wrong after an undo, a
-- repair or a baseline, and stayed null for a schema that was restored or moved here with its history: no trigger sees that
-- one being filled. Now whoever worked on the schema asks the history what it says. The trigger stays for provisioners of
-- the release before, and for Flyway.
--
-- Functions, for the owner alone:
--   tenant_schema_version(schema_name text) -> text

-- The highest version whose last entry is a success, null when there is none: as set_schema_version() does for the service.
-- Runs as its caller, who must own the schema.
CREATE FUNCTION tenant_schema_version(schema_name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_version text;
BEGIN
    EXECUTE format(
        $history$
            SELECT translate(entry.version, '_', '.')
            FROM (
                SELECT DISTINCT ON (h.version) h.version, h.type, h.success
                FROM %I.flyway_schema_history h
                WHERE h.version IS NOT NULL
                ORDER BY h.version, h.installed_rank DESC
            ) AS entry
            WHERE entry.success AND entry.type NOT IN ('UNDO_SQL', 'DELETE')
            ORDER BY string_to_array(translate(entry.version, '_', '.'), '.')::bigint[] DESC
            LIMIT 1
        $history$, schema_name) INTO found_version;
    RETURN found_version;
END
$$;

-- As before, but trailing zeros mean nothing: a tenant with the baseline 1 is not behind 1.0.0.
CREATE OR REPLACE FUNCTION tenants_due(newest_version text, max_rows integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    (SELECT t.id FROM public.tenants t
     WHERE t.state <> 'active' AND t.next_attempt_at <= clock_timestamp()
     ORDER BY t.next_attempt_at, t.id LIMIT tenants_due.max_rows)
    UNION ALL
    (SELECT t.id FROM public.tenants t
     WHERE t.state = 'active' AND t.schema_version <> newest_version AND t.next_attempt_at <= clock_timestamp()
       AND string_to_array(regexp_replace(t.schema_version, '(\.0+)+$', ''), '.')::bigint[]
         < string_to_array(regexp_replace(newest_version, '(\.0+)+$', ''), '.')::bigint[]
     ORDER BY t.id LIMIT tenants_due.max_rows)
    LIMIT tenants_due.max_rows
$$;
