-- Sessions of people who come back are deleted when they sign in; this is for those who never do.
--
-- A session goes with all its refresh tokens, and only when it has expired: until then even a token that was used long
-- ago is needed, because its coming again is how a theft is noticed. The horizon stands here and not in a parameter.

-- Sign-ins wait for the moment it takes.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_sessions__expires_at ON sessions (expires_at);

CREATE FUNCTION session_find_expired(max_rows integer) RETURNS TABLE (session_id uuid, tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, s.tenant_id FROM public.sessions s
    WHERE s.expires_at < now() - interval '1 day'
    ORDER BY s.expires_at
    LIMIT max_rows
$$;

GRANT SELECT (id, tenant_id, expires_at) ON sessions TO auth_claimer;
GRANT EXECUTE ON FUNCTION session_find_expired(integer) TO auth_user;

GRANT CREATE ON SCHEMA public TO auth_claimer;
ALTER FUNCTION session_find_expired(integer) OWNER TO auth_claimer;
REVOKE CREATE ON SCHEMA public FROM auth_claimer;
