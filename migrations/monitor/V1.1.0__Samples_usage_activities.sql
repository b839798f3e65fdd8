-- What monitor knows of organizations and apps (projections of events), what it measures of their instances, the usage
-- it has reported, and the timeline people read.
--
-- The samples carry no tenant and no policy of their own: TimescaleDB can not compress a hypertable that has policies,
-- and a policy per row would cost on the hottest table. The policy is on `series`; samples are read through a
-- security-barrier view that joins them to the series the context may see, and written by a function that does the same.
-- Both run as the owner, who obeys the policy of `series` too because it is FORCEd.

CREATE TABLE organizations (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  metrics_retention_days integer NOT NULL DEFAULT 7,
  -- Version of the entitlements the retention came from; an older one arriving late is ignored.
  entitlements_version integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  created_by text,
  updated_by text,
  CONSTRAINT pk_organizations PRIMARY KEY (tenant_id),
  CONSTRAINT ck_organizations__retention CHECK (metrics_retention_days > 0)
);

CREATE TABLE apps (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT uuid_generate_v4(),
  project_id uuid NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  -- Usage has been reported up to here, exclusive.
  usage_recorded_through timestamptz NOT NULL,
  last_sample_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  created_by text,
  updated_by text,
  CONSTRAINT pk_apps PRIMARY KEY (id),
  CONSTRAINT uq_apps__tenant_id_id UNIQUE (tenant_id, id)
);
-- The apps whose usage is due: those sampled after their last report.
CREATE INDEX ix_apps__usage_due ON apps (usage_recorded_through) WHERE last_sample_at IS NOT NULL;

-- One run of an app: its instance.
CREATE TABLE series (
  tenant_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  app_id uuid NOT NULL,
  deployment_id uuid NOT NULL,
  instance_id uuid NOT NULL,
  -- The newest sample. What it is ahead of `recorded_through` is not counted yet.
  last_sample_at timestamptz,
  -- Reported to billing so far: the CPU counter, and the time of the last sample counted.
  recorded_cpu_seconds double precision NOT NULL DEFAULT 0,
  recorded_through timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_series PRIMARY KEY (id),
  CONSTRAINT uq_series__tenant_id_instance_id UNIQUE (tenant_id, instance_id),
  CONSTRAINT fk_series__app FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id)
);
CREATE INDEX ix_series__tenant_id_app_id ON series (tenant_id, app_id);

CREATE TABLE activities (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT uuid_generate_v4(),
  -- Deliberately not unique: that an event has one entry is the inbox's guarantee, and a proof must be able to fail.
  event_id uuid NOT NULL,
  type text NOT NULL,
  app_id uuid,
  deployment_id uuid,
  summary text NOT NULL,
  occurred_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_activities PRIMARY KEY (id)
);
CREATE INDEX ix_activities__tenant_id_occurred_at ON activities (tenant_id, occurred_at DESC, id DESC);

-- ── Tenancy ──
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON organizations
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

ALTER TABLE apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE apps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON apps
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

ALTER TABLE series ENABLE ROW LEVEL SECURITY;
ALTER TABLE series FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON series
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

ALTER TABLE activities ENABLE ROW LEVEL SECURITY;
ALTER TABLE activities FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON activities
  USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);

CREATE TRIGGER set_updated_at BEFORE UPDATE ON organizations FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON apps FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- ── Samples: a hypertable where TimescaleDB is installed, else native partitions of a day ──
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    CREATE TABLE samples (
      series_id bigint NOT NULL,
      sampled_at timestamptz NOT NULL,
      cpu_seconds_total double precision NOT NULL,
      memory_bytes bigint NOT NULL,
      CONSTRAINT pk_samples PRIMARY KEY (series_id, sampled_at)
    );
    PERFORM create_hypertable('samples', 'sampled_at', chunk_time_interval => interval '1 day');
  ELSE
    CREATE TABLE samples (
      series_id bigint NOT NULL,
      sampled_at timestamptz NOT NULL,
      cpu_seconds_total double precision NOT NULL,
      memory_bytes bigint NOT NULL,
      CONSTRAINT pk_samples PRIMARY KEY (series_id, sampled_at)
    ) PARTITION BY RANGE (sampled_at);
    -- Catches what no partition of a day takes, so that no sample is ever refused for its time.
    CREATE TABLE samples_default PARTITION OF samples DEFAULT;
  END IF;
END
$$;

CREATE VIEW tenant_samples WITH (security_barrier) AS
  SELECT series.app_id, series.instance_id, samples.series_id, samples.sampled_at, samples.cpu_seconds_total, samples.memory_bytes
  FROM series
  JOIN samples ON samples.series_id = series.id;

-- Stores samples of instances that the context's organization has; others, and those stored before, are passed over.
-- Arrays of equal length, one element per sample. Returns how many were stored.
CREATE FUNCTION record_samples(
  p_instance_ids uuid[], p_sampled_at timestamptz, p_cpu_seconds_total double precision[], p_memory_bytes bigint[]
) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH stored AS (
    INSERT INTO samples (series_id, sampled_at, cpu_seconds_total, memory_bytes)
    SELECT series.id, p_sampled_at, input.cpu_seconds_total, input.memory_bytes
    FROM unnest(p_instance_ids, p_cpu_seconds_total, p_memory_bytes) AS input (instance_id, cpu_seconds_total, memory_bytes)
    JOIN series ON series.instance_id = input.instance_id
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  SELECT count(*)::integer FROM stored
$$;

-- Deletes the context's samples that are older than its retention, and the series that have none left and get no more.
-- Returns how many samples.
CREATE FUNCTION purge_expired_samples() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  v_purged bigint;
BEGIN
  DELETE FROM samples
  USING series, organizations
  WHERE samples.series_id = series.id
    AND series.tenant_id = organizations.tenant_id
    AND samples.sampled_at < now() - make_interval(days => organizations.metrics_retention_days);
  GET DIAGNOSTICS v_purged = ROW_COUNT;
  DELETE FROM series
  USING organizations
  WHERE series.tenant_id = organizations.tenant_id
    AND greatest(series.created_at, series.last_sample_at)
        < now() - make_interval(days => organizations.metrics_retention_days)
    AND NOT EXISTS (SELECT FROM samples WHERE samples.series_id = series.id);
  RETURN v_purged;
END
$$;

-- The service never alters its schema; this upkeep is the owner's, handed out as one function. Makes the partitions of
-- today and the days ahead, and drops those that no plan's retention reaches. Nothing to do under TimescaleDB but the drop.
-- How far it reaches stands here and not in a parameter, so that nobody can have samples dropped that a plan keeps.
CREATE FUNCTION maintain_sample_partitions() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  c_days_ahead CONSTANT integer := 3;
  c_keep_days CONSTANT integer := 400;
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_day date;
  v_name text;
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    EXECUTE format('SELECT public.drop_chunks(''public.samples'', older_than => make_interval(days => %s))', c_keep_days);
    RETURN;
  END IF;
  -- Two processes at once would both try to make the same partition; the second passes instead of waiting.
  IF NOT pg_try_advisory_xact_lock(hashtext('maintain_sample_partitions')) THEN
    RETURN;
  END IF;
  FOR v_day IN SELECT generate_series(v_today, v_today + c_days_ahead, interval '1 day')::date LOOP
    v_name := 'samples_' || to_char(v_day, 'YYYYMMDD');
    -- A day whose samples already went to the default partition keeps them there.
    IF to_regclass('public.' || v_name) IS NULL AND NOT EXISTS (
      SELECT FROM public.samples_default
      WHERE sampled_at >= v_day::timestamp AT TIME ZONE 'UTC' AND sampled_at < (v_day + 1)::timestamp AT TIME ZONE 'UTC'
    ) THEN
      EXECUTE format(
        'CREATE TABLE public.%I PARTITION OF public.samples FOR VALUES FROM (%L) TO (%L)',
        v_name, v_day::timestamp AT TIME ZONE 'UTC', (v_day + 1)::timestamp AT TIME ZONE 'UTC'
      );
    END IF;
  END LOOP;
  FOR v_name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.samples'::regclass
      AND c.relname ~ '^samples_\d{8}$'
      AND to_date(substr(c.relname, 9), 'YYYYMMDD') < v_today - c_keep_days
  LOOP
    EXECUTE format('DROP TABLE public.%I', v_name);
  END LOOP;
END
$$;

-- ── Work over all organizations: ids only; the work itself enters the tenant ──
GRANT CREATE ON SCHEMA public TO monitor_claimer;
GRANT SELECT ON apps, organizations TO monitor_claimer;

-- Apps sampled since their last report, whose report is older than p_before. Oldest first.
CREATE FUNCTION find_apps_with_due_usage(p_before timestamptz, p_limit integer)
RETURNS TABLE (tenant_id uuid, app_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT apps.tenant_id, apps.id
  FROM apps
  WHERE apps.last_sample_at >= apps.usage_recorded_through AND apps.usage_recorded_through < p_before
  ORDER BY apps.usage_recorded_through
  LIMIT p_limit
$$;
ALTER FUNCTION find_apps_with_due_usage(timestamptz, integer) OWNER TO monitor_claimer;

-- Every organization after p_after, in order of its id, for the purge that walks them all.
CREATE FUNCTION find_organizations(p_after uuid, p_limit integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT organizations.tenant_id FROM organizations
  WHERE p_after IS NULL OR organizations.tenant_id > p_after
  ORDER BY organizations.tenant_id
  LIMIT p_limit
$$;
ALTER FUNCTION find_organizations(uuid, integer) OWNER TO monitor_claimer;
REVOKE CREATE ON SCHEMA public FROM monitor_claimer;

-- ── What the running service may do ──
GRANT SELECT, INSERT, UPDATE ON organizations, apps TO monitor_user;
GRANT SELECT, INSERT, UPDATE (last_sample_at, recorded_cpu_seconds, recorded_through) ON series TO monitor_user;
GRANT SELECT, INSERT ON activities TO monitor_user;
GRANT SELECT ON tenant_samples TO monitor_user;

REVOKE ALL ON FUNCTION
  record_samples(uuid[], timestamptz, double precision[], bigint[]),
  purge_expired_samples(),
  maintain_sample_partitions(),
  find_apps_with_due_usage(timestamptz, integer),
  find_organizations(uuid, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  record_samples(uuid[], timestamptz, double precision[], bigint[]),
  purge_expired_samples(),
  maintain_sample_partitions(),
  find_apps_with_due_usage(timestamptz, integer),
  find_organizations(uuid, integer)
TO monitor_user;
