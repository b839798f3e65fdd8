-- Lets `validate` tell a tenant's schema from one that somebody made by hand.
--
--   tenant_find_by_schema(schema_name text) -> uuid                                 the owner alone

CREATE FUNCTION tenant_find_by_schema(schema_name text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id FROM public.tenants t WHERE t.schema_name = tenant_find_by_schema.schema_name
$$;

GRANT CREATE ON SCHEMA public TO monitor_claimer;
ALTER FUNCTION tenant_find_by_schema(text) OWNER TO monitor_claimer;
REVOKE CREATE ON SCHEMA public FROM monitor_claimer;
