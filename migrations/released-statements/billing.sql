-- Statements that the last release of billing sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
--   ck_customers__currency ck_entitlements__entitlements ck_entitlements__version ck_idempotent_requests__key
--   ck_idempotent_requests__request_hash ck_migration_digests__sha256 ck_outbox__envelope ck_outbox__published
--   ck_plan_prices__currency ck_plan_prices__monthly_amount_minor ck_plan_usage_prices__included_quantity
--   ck_plan_usage_prices__meter ck_plan_usage_prices__unit_amount_minor ck_plans__entitlements
--   ck_service_configuration__service ck_service_configuration__settings ck_subscriptions__status
--   ck_usage_records__meter ck_usage_records__quantity ck_usage_records__window ck_usage_totals__meter
--   ck_usage_totals__period_number ck_usage_totals__quantity dead_letter_list keep_history outbox_claim outbox_depth
--   outbox_mark_failed outbox_mark_published outbox_republish_lost outbox_republished_since purge_history
--   set_schema_version set_updated_at

INSERT INTO customers (id, tenant_id, name, email, currency) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT uq_customers__tenant_id DO NOTHING
         RETURNING id;
INSERT INTO dead_letters (id, tenant_id, consumer, event_id, event_type, envelope, error, attempts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (consumer, event_id) WHERE replayed_at IS NULL DO NOTHING;
INSERT INTO entitlements AS e (id, tenant_id, plan_code, version, entitlements)
         SELECT $1, $2, p.code, 1, p.entitlements FROM plans p WHERE p.code = $3
         ON CONFLICT ON CONSTRAINT uq_entitlements__tenant_id DO UPDATE
         SET plan_code = excluded.plan_code, entitlements = excluded.entitlements, version = e.version + 1
         RETURNING version, entitlements;
INSERT INTO inbox (consumer, event_id, tenant_id) VALUES ($1, $2, $3)
         ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id;
INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5);
INSERT INTO subscriptions (id, tenant_id, customer_id, plan_code, currency, status, anchor)
         VALUES ($1, $2, $3, $4, $5, 'active', $6);
SELECT "Entitlement"."id" AS "Entitlement_id", "Entitlement"."created_at" AS "Entitlement_created_at", "Entitlement"."updated_at" AS "Entitlement_updated_at", "Entitlement"."created_by" AS "Entitlement_created_by", "Entitlement"."updated_by" AS "Entitlement_updated_by", "Entitlement"."tenant_id" AS "Entitlement_tenant_id", "Entitlement"."plan_code" AS "Entitlement_plan_code", "Entitlement"."version" AS "Entitlement_version", "Entitlement"."entitlements" AS "Entitlement_entitlements" FROM "entitlements" "Entitlement" WHERE (("Entitlement"."tenant_id" = $1)) LIMIT 1;
SELECT "Plan"."id" AS "Plan_id", "Plan"."created_at" AS "Plan_created_at", "Plan"."updated_at" AS "Plan_updated_at", "Plan"."created_by" AS "Plan_created_by", "Plan"."updated_by" AS "Plan_updated_by", "Plan"."code" AS "Plan_code", "Plan"."name" AS "Plan_name", "Plan"."position" AS "Plan_position", "Plan"."entitlements" AS "Plan_entitlements" FROM "plans" "Plan" ORDER BY "Plan"."position" ASC;
SELECT "Plan"."id" AS "Plan_id", "Plan"."created_at" AS "Plan_created_at", "Plan"."updated_at" AS "Plan_updated_at", "Plan"."created_by" AS "Plan_created_by", "Plan"."updated_by" AS "Plan_updated_by", "Plan"."code" AS "Plan_code", "Plan"."name" AS "Plan_name", "Plan"."position" AS "Plan_position", "Plan"."entitlements" AS "Plan_entitlements" FROM "plans" "Plan" WHERE (("Plan"."code" = $1)) LIMIT 1;
SELECT "PlanPrice"."id" AS "PlanPrice_id", "PlanPrice"."created_at" AS "PlanPrice_created_at", "PlanPrice"."updated_at" AS "PlanPrice_updated_at", "PlanPrice"."created_by" AS "PlanPrice_created_by", "PlanPrice"."updated_by" AS "PlanPrice_updated_by", "PlanPrice"."plan_code" AS "PlanPrice_plan_code", "PlanPrice"."currency" AS "PlanPrice_currency", "PlanPrice"."monthly_amount_minor" AS "PlanPrice_monthly_amount_minor" FROM "plan_prices" "PlanPrice" ORDER BY "PlanPrice"."currency" ASC;
SELECT "PlanPrice"."id" AS "PlanPrice_id", "PlanPrice"."created_at" AS "PlanPrice_created_at", "PlanPrice"."updated_at" AS "PlanPrice_updated_at", "PlanPrice"."created_by" AS "PlanPrice_created_by", "PlanPrice"."updated_by" AS "PlanPrice_updated_by", "PlanPrice"."plan_code" AS "PlanPrice_plan_code", "PlanPrice"."currency" AS "PlanPrice_currency", "PlanPrice"."monthly_amount_minor" AS "PlanPrice_monthly_amount_minor" FROM "plan_prices" "PlanPrice" WHERE (("PlanPrice"."plan_code" = $1) AND ("PlanPrice"."currency" = $2)) LIMIT 1;
SELECT "PlanUsagePrice"."id" AS "PlanUsagePrice_id", "PlanUsagePrice"."created_at" AS "PlanUsagePrice_created_at", "PlanUsagePrice"."updated_at" AS "PlanUsagePrice_updated_at", "PlanUsagePrice"."created_by" AS "PlanUsagePrice_created_by", "PlanUsagePrice"."updated_by" AS "PlanUsagePrice_updated_by", "PlanUsagePrice"."plan_code" AS "PlanUsagePrice_plan_code", "PlanUsagePrice"."currency" AS "PlanUsagePrice_currency", "PlanUsagePrice"."meter" AS "PlanUsagePrice_meter", "PlanUsagePrice"."included_quantity" AS "PlanUsagePrice_included_quantity", "PlanUsagePrice"."unit_amount_minor" AS "PlanUsagePrice_unit_amount_minor" FROM "plan_usage_prices" "PlanUsagePrice" ORDER BY "PlanUsagePrice"."meter" ASC;
SELECT "PlanUsagePrice"."id" AS "PlanUsagePrice_id", "PlanUsagePrice"."created_at" AS "PlanUsagePrice_created_at", "PlanUsagePrice"."updated_at" AS "PlanUsagePrice_updated_at", "PlanUsagePrice"."created_by" AS "PlanUsagePrice_created_by", "PlanUsagePrice"."updated_by" AS "PlanUsagePrice_updated_by", "PlanUsagePrice"."plan_code" AS "PlanUsagePrice_plan_code", "PlanUsagePrice"."currency" AS "PlanUsagePrice_currency", "PlanUsagePrice"."meter" AS "PlanUsagePrice_meter", "PlanUsagePrice"."included_quantity" AS "PlanUsagePrice_included_quantity", "PlanUsagePrice"."unit_amount_minor" AS "PlanUsagePrice_unit_amount_minor" FROM "plan_usage_prices" "PlanUsagePrice" WHERE (("PlanUsagePrice"."plan_code" = $1) AND ("PlanUsagePrice"."currency" = $2));
SELECT "Subscription"."id" AS "Subscription_id", "Subscription"."created_at" AS "Subscription_created_at", "Subscription"."updated_at" AS "Subscription_updated_at", "Subscription"."created_by" AS "Subscription_created_by", "Subscription"."updated_by" AS "Subscription_updated_by", "Subscription"."tenant_id" AS "Subscription_tenant_id", "Subscription"."customer_id" AS "Subscription_customer_id", "Subscription"."plan_code" AS "Subscription_plan_code", "Subscription"."currency" AS "Subscription_currency", "Subscription"."status" AS "Subscription_status", "Subscription"."anchor" AS "Subscription_anchor" FROM "subscriptions" "Subscription" WHERE (("Subscription"."tenant_id" = $1) AND ("Subscription"."status" = $2)) LIMIT 1;
SELECT * FROM current_schema();
SELECT FROM customers;
SELECT FROM entitlements;
SELECT FROM subscriptions;
SELECT FROM usage_records;
SELECT FROM usage_totals;
SELECT envelope, consumer FROM dead_letters WHERE id = $1 AND replayed_at IS NULL FOR UPDATE;
SELECT id FROM subscriptions;
SELECT id, tenant_id AS "tenantId", consumer, event_id AS "eventId", event_type AS "eventType", error, attempts,
         created_at AS "createdAt", replayed_at AS "replayedAt"
  FROM dead_letter_list($1, $2, $3);
SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2);
SELECT meter, app_id AS "appId", quantity, meter_quantity AS "meterQuantity"
         FROM (
           SELECT meter, app_id, quantity, sum(quantity) OVER (PARTITION BY meter) AS meter_quantity,
                  row_number() OVER (PARTITION BY meter ORDER BY quantity DESC, app_id) AS place
           FROM usage_totals
           WHERE tenant_id = $1 AND subscription_id = $2 AND period_number = $3
         ) placed
         WHERE place <= $4
         ORDER BY meter, place;
SELECT meter, sum(quantity) AS quantity
         FROM usage_totals
         WHERE tenant_id = $1 AND subscription_id = $2 AND period_number = $3
         GROUP BY meter;
SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked;
SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost;
SELECT tenant_id FROM customers;
SELECT tenant_id FROM entitlements;
SELECT tenant_id FROM subscriptions;
SELECT tenant_id FROM usage_records;
SELECT tenant_id FROM usage_totals;
SELECT version();
UPDATE dead_letters SET replayed_at = clock_timestamp() WHERE id = $1;
WITH recorded AS (
           INSERT INTO usage_records
             (tenant_id, subscription_id, event_id, app_id, window_start, window_end, meter, quantity)
           SELECT $1, $2, $4, $5, $6, $7, reported.meter, sum(reported.quantity)
           FROM unnest($8::text[], $9::numeric[]) AS reported (meter, quantity)
           GROUP BY reported.meter
           ON CONFLICT ON CONSTRAINT uq_usage_records__event_meter DO NOTHING
           RETURNING meter, quantity
         )
         INSERT INTO usage_totals AS t (tenant_id, subscription_id, period_number, app_id, meter, quantity)
         SELECT $1, $2, $3, $5, meter, quantity FROM recorded ORDER BY meter
         ON CONFLICT ON CONSTRAINT uq_usage_totals__app DO UPDATE SET quantity = t.quantity + excluded.quantity;
