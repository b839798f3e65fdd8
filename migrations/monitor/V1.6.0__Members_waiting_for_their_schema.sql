-- Members of a tenant whose schema is not made yet. A sign-up brings the member and the organization at once, so a member
-- may be told of before his tenant's tables are there, or before his tenant is known at all: so no key leads to tenants.
--
-- A row is here or in the tenant's own users, never lost between the two, whatever order things happen in:
--   the service     holds the lock of `waiting_members` and the tenant shared, then looks at the state: a member of an
--                   active tenant goes to its users, any other waits here
--   the activation  sets the state, takes the lock alone, and moves whoever waits, in one transaction
-- So a transaction that found the tenant unfinished has committed its row before the move, and one that comes after the
-- move finds the tenant active. It is a trigger, so that a provisioner of the release before moves them, too.
--
-- Tables, as the app role sees them:
--   waiting_members   I, S, U(email, name, role)

CREATE TABLE waiting_members (
    tenant_id uuid NOT NULL,
    -- Auth's.
    user_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    joined_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_waiting_members PRIMARY KEY (tenant_id, user_id),
    -- What the tenant's users would refuse must not wait to be refused there.
    CONSTRAINT ck_waiting_members__role CHECK (role IN ('owner', 'admin', 'developer', 'viewer'))
);
ALTER TABLE waiting_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting_members FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON waiting_members
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON waiting_members FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (email, name, role) ON waiting_members TO monitor_user;

-- Runs as whoever activates, in the tenant's context: policies bind it.
CREATE FUNCTION move_waiting_members() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('waiting_members'), hashtext(NEW.id::text));
    -- A statement of its own, so it sees what was committed while the lock was waited for.
    EXECUTE format(
        'WITH moved AS (DELETE FROM public.waiting_members WHERE tenant_id = $1 RETURNING *)
         INSERT INTO %I.users
             (id, email, name, role, joined_at, created_at, updated_at, created_by, updated_by)
         SELECT user_id, email, name, role, joined_at, created_at, updated_at, created_by, updated_by FROM moved
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role',
        NEW.schema_name
    ) USING NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER move_waiting_members AFTER INSERT OR UPDATE OF state ON tenants
    FOR EACH ROW WHEN (NEW.state = 'active') EXECUTE FUNCTION move_waiting_members();
