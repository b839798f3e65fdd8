-- What an organization may use, what it used, and what that costs.
--
-- Money is an integer of minor units (cents); a price per unit of usage is an exact decimal of minor units, since a
-- second of CPU costs less than a cent. Quantities are exact decimals. Nothing here is a float.
--
-- Tables, as the app role sees them:
--   plans, plan_prices, plan_usage_prices   S      the catalogue, the same for every tenant; changed by migrations only
--   customers, subscriptions                I, S
--   entitlements                            I, S, U(plan_code, version, entitlements)
--   usage_records                           I, S   the ledger: one row per event and meter, never changed
--   usage_totals                            I, S, U(quantity)   its sums per period

-- Catalogue -----------------------------------------------------------------------------------------------------------

CREATE TABLE plans (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    code text NOT NULL,
    name text NOT NULL,
    -- Order in which they are shown.
    position integer NOT NULL,
    -- The shape is the contract's (entitlementsSchema); the service refuses another when it reads it.
    entitlements jsonb NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_plans PRIMARY KEY (id),
    CONSTRAINT uq_plans__code UNIQUE (code),
    CONSTRAINT uq_plans__position UNIQUE (position),
    CONSTRAINT ck_plans__entitlements CHECK (jsonb_typeof(entitlements) = 'object')
);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT ON plans TO billing_user;

CREATE TABLE plan_prices (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    plan_code text NOT NULL,
    currency text NOT NULL,
    monthly_amount_minor bigint NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_plan_prices PRIMARY KEY (id),
    CONSTRAINT uq_plan_prices__plan_currency UNIQUE (plan_code, currency),
    CONSTRAINT fk_plan_prices__plan FOREIGN KEY (plan_code) REFERENCES plans (code),
    CONSTRAINT ck_plan_prices__currency CHECK (currency IN ('USD', 'EUR', 'GBP', 'BRL')),
    CONSTRAINT ck_plan_prices__monthly_amount_minor CHECK (monthly_amount_minor >= 0)
);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON plan_prices FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT ON plan_prices TO billing_user;

CREATE TABLE plan_usage_prices (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    plan_code text NOT NULL,
    currency text NOT NULL,
    meter text NOT NULL,
    -- Free of charge in each period.
    included_quantity numeric(29, 9) NOT NULL,
    -- Minor units for each further unit.
    unit_amount_minor numeric(24, 12) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_plan_usage_prices PRIMARY KEY (id),
    CONSTRAINT uq_plan_usage_prices__meter UNIQUE (plan_code, currency, meter),
    CONSTRAINT fk_plan_usage_prices__plan_price FOREIGN KEY (plan_code, currency)
        REFERENCES plan_prices (plan_code, currency),
    CONSTRAINT ck_plan_usage_prices__meter CHECK (meter IN ('cpu_seconds', 'memory_gib_hours', 'deployments')),
    CONSTRAINT ck_plan_usage_prices__included_quantity CHECK (included_quantity >= 0),
    CONSTRAINT ck_plan_usage_prices__unit_amount_minor CHECK (unit_amount_minor >= 0)
);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON plan_usage_prices FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT ON plan_usage_prices TO billing_user;

INSERT INTO plans (code, name, position, entitlements) VALUES
    ('free', 'Free', 1, '{"maxProjects": 3, "maxApps": 5, "maxConcurrentBuilds": 1,
                          "maxInstanceMemoryBytes": 536870912, "metricsRetentionDays": 7}'),
    ('pro', 'Pro', 2, '{"maxProjects": 25, "maxApps": 100, "maxConcurrentBuilds": 4,
                        "maxInstanceMemoryBytes": 4294967296, "metricsRetentionDays": 30}'),
    ('enterprise', 'Enterprise', 3, '{"maxProjects": 500, "maxApps": 5000, "maxConcurrentBuilds": 16,
                                      "maxInstanceMemoryBytes": 34359738368, "metricsRetentionDays": 365}');

INSERT INTO plan_prices (plan_code, currency, monthly_amount_minor) VALUES
    ('free', 'USD', 0), ('free', 'EUR', 0), ('free', 'GBP', 0), ('free', 'BRL', 0),
    ('pro', 'USD', 2000), ('pro', 'EUR', 1900), ('pro', 'GBP', 1600), ('pro', 'BRL', 9900),
    ('enterprise', 'USD', 49900), ('enterprise', 'EUR', 46900), ('enterprise', 'GBP', 39900),
    ('enterprise', 'BRL', 249900);

-- The free plan never costs anything: its quotas bound what can be used.
INSERT INTO plan_usage_prices (plan_code, currency, meter, included_quantity, unit_amount_minor)
SELECT p.plan_code, p.currency, i.meter, i.included, coalesce(u.unit_amount_minor, 0)
FROM plan_prices p
JOIN (VALUES
    ('free', 'cpu_seconds', 36000), ('free', 'memory_gib_hours', 360), ('free', 'deployments', 100),
    ('pro', 'cpu_seconds', 360000), ('pro', 'memory_gib_hours', 1500), ('pro', 'deployments', 1000),
    ('enterprise', 'cpu_seconds', 7200000), ('enterprise', 'memory_gib_hours', 30000),
    ('enterprise', 'deployments', 20000)
) AS i (plan_code, meter, included) ON i.plan_code = p.plan_code
LEFT JOIN (VALUES
    ('pro', 'USD', 'cpu_seconds', 0.0014), ('pro', 'EUR', 'cpu_seconds', 0.0013),
    ('pro', 'GBP', 'cpu_seconds', 0.0011), ('pro', 'BRL', 'cpu_seconds', 0.007),
    ('pro', 'USD', 'memory_gib_hours', 0.6), ('pro', 'EUR', 'memory_gib_hours', 0.55),
    ('pro', 'GBP', 'memory_gib_hours', 0.48), ('pro', 'BRL', 'memory_gib_hours', 3),
    ('pro', 'USD', 'deployments', 1), ('pro', 'EUR', 'deployments', 1),
    ('pro', 'GBP', 'deployments', 1), ('pro', 'BRL', 'deployments', 5),
    ('enterprise', 'USD', 'cpu_seconds', 0.0011), ('enterprise', 'EUR', 'cpu_seconds', 0.001),
    ('enterprise', 'GBP', 'cpu_seconds', 0.00088), ('enterprise', 'BRL', 'cpu_seconds', 0.0055),
    ('enterprise', 'USD', 'memory_gib_hours', 0.48), ('enterprise', 'EUR', 'memory_gib_hours', 0.45),
    ('enterprise', 'GBP', 'memory_gib_hours', 0.38), ('enterprise', 'BRL', 'memory_gib_hours', 2.4),
    ('enterprise', 'USD', 'deployments', 0.5), ('enterprise', 'EUR', 'deployments', 0.5),
    ('enterprise', 'GBP', 'deployments', 0.5), ('enterprise', 'BRL', 'deployments', 2.5)
) AS u (plan_code, currency, meter, unit_amount_minor)
    ON u.plan_code = p.plan_code AND u.currency = p.currency AND u.meter = i.meter;

-- Customers -----------------------------------------------------------------------------------------------------------

CREATE TABLE customers (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    currency text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_customers PRIMARY KEY (id),
    CONSTRAINT uq_customers__tenant UNIQUE (tenant_id, id),
    CONSTRAINT uq_customers__tenant_id UNIQUE (tenant_id),
    CONSTRAINT ck_customers__currency CHECK (currency IN ('USD', 'EUR', 'GBP', 'BRL'))
);
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customers
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON customers TO billing_user;

CREATE TABLE subscriptions (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    plan_code text NOT NULL,
    currency text NOT NULL,
    status text NOT NULL,
    -- Period n starts n months after this instant.
    anchor timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_subscriptions__tenant UNIQUE (tenant_id, id),
    CONSTRAINT fk_subscriptions__customer FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    CONSTRAINT fk_subscriptions__plan_price FOREIGN KEY (plan_code, currency)
        REFERENCES plan_prices (plan_code, currency),
    CONSTRAINT ck_subscriptions__status CHECK (status IN ('active'))
);
CREATE UNIQUE INDEX uq_subscriptions__active ON subscriptions (tenant_id) WHERE status = 'active';
ALTER TABLE subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON subscriptions
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON subscriptions FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT ON subscriptions TO billing_user;

CREATE TABLE entitlements (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    plan_code text NOT NULL,
    -- Grows with every change, so that whoever hears of two changes knows the later one.
    version integer NOT NULL,
    entitlements jsonb NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_entitlements PRIMARY KEY (id),
    CONSTRAINT uq_entitlements__tenant_id UNIQUE (tenant_id),
    CONSTRAINT fk_entitlements__plan FOREIGN KEY (plan_code) REFERENCES plans (code),
    CONSTRAINT ck_entitlements__version CHECK (version > 0),
    CONSTRAINT ck_entitlements__entitlements CHECK (jsonb_typeof(entitlements) = 'object')
);
ALTER TABLE entitlements ENABLE ROW LEVEL SECURITY;
ALTER TABLE entitlements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON entitlements
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON entitlements FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (plan_code, version, entitlements) ON entitlements TO billing_user;

-- Usage ---------------------------------------------------------------------------------------------------------------

CREATE TABLE usage_records (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    -- Of the event that reported it. An event reports a meter once.
    event_id uuid NOT NULL,
    app_id uuid NOT NULL,
    meter text NOT NULL,
    window_start timestamptz(3) NOT NULL,
    window_end timestamptz(3) NOT NULL,
    quantity numeric(29, 9) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    CONSTRAINT pk_usage_records PRIMARY KEY (id),
    CONSTRAINT uq_usage_records__event_meter UNIQUE (tenant_id, event_id, meter),
    CONSTRAINT fk_usage_records__subscription FOREIGN KEY (tenant_id, subscription_id)
        REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT ck_usage_records__meter CHECK (meter IN ('cpu_seconds', 'memory_gib_hours', 'deployments')),
    CONSTRAINT ck_usage_records__window CHECK (window_end >= window_start),
    CONSTRAINT ck_usage_records__quantity CHECK (quantity >= 0)
);
CREATE INDEX ix_usage_records__window ON usage_records (tenant_id, subscription_id, window_start);
ALTER TABLE usage_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_records FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON usage_records
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON usage_records TO billing_user;

-- Written with each record in its transaction, so that an invoice reads a row per app and meter and not the ledger.
CREATE TABLE usage_totals (
    id uuid NOT NULL DEFAULT uuid_generate_v4(),
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    period_number integer NOT NULL,
    meter text NOT NULL,
    app_id uuid NOT NULL,
    quantity numeric(38, 9) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    updated_by text DEFAULT NULLIF(current_setting('app.actor_id', true), ''),
    CONSTRAINT pk_usage_totals PRIMARY KEY (id),
    CONSTRAINT uq_usage_totals__app UNIQUE (tenant_id, subscription_id, period_number, meter, app_id),
    CONSTRAINT fk_usage_totals__subscription FOREIGN KEY (tenant_id, subscription_id)
        REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT ck_usage_totals__period_number CHECK (period_number >= 0),
    CONSTRAINT ck_usage_totals__meter CHECK (meter IN ('cpu_seconds', 'memory_gib_hours', 'deployments')),
    CONSTRAINT ck_usage_totals__quantity CHECK (quantity >= 0)
);
ALTER TABLE usage_totals ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_totals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON usage_totals
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON usage_totals FOR EACH ROW EXECUTE FUNCTION set_updated_at();
GRANT SELECT, INSERT, UPDATE (quantity) ON usage_totals TO billing_user;
