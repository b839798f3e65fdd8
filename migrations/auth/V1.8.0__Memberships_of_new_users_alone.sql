-- A membership is what shows a user, and his password's hash, to an organization. Until now the app role could write one
-- for anybody whose id it knew, and read him in the same transaction. See docs/adr/0007-users-and-tenancy.md.
--
-- What the app role may write is the membership of a user who is not there yet: a sign-up writes it before the user.
-- Whoever is there already is to be joined to another organization by a function of the claimer, which asks first whether
-- he wants to be.

CREATE FUNCTION refuse_known_user() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.users u WHERE u.id = NEW.user_id) THEN
        RAISE EXCEPTION 'User % is there already and has not asked for a membership.', NEW.user_id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
-- After the insert, so that a membership which is there already remains no error of ON CONFLICT.
CREATE TRIGGER refuse_known_user AFTER INSERT ON memberships
    FOR EACH ROW WHEN (current_user = 'auth_user') EXECUTE FUNCTION refuse_known_user();

GRANT CREATE ON SCHEMA public TO auth_claimer;
ALTER FUNCTION refuse_known_user() OWNER TO auth_claimer;
REVOKE CREATE ON SCHEMA public FROM auth_claimer;
