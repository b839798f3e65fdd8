-- Statements that the last release of auth sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
--   ck_idempotent_requests__key ck_idempotent_requests__request_hash ck_memberships__role ck_migration_digests__sha256
--   ck_organizations__slug ck_organizations__tenant_id ck_outbox__envelope ck_outbox__published
--   ck_refresh_tokens__token_hash ck_service_configuration__service ck_service_configuration__settings dead_letter_list
--   keep_history outbox_claim outbox_depth outbox_mark_failed outbox_mark_published outbox_republish_lost
--   outbox_republished_since purge_history refresh_token_find session_find_expired set_schema_version set_updated_at
--   user_find_home

DELETE FROM sessions WHERE user_id = $1 AND expires_at <= clock_timestamp();
INSERT INTO idempotent_requests (tenant_id, operation, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, operation, key) DO NOTHING RETURNING id;
INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3);
INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3);
INSERT INTO outbox (id, tenant_id, stream, type, envelope) VALUES ($1, $2, $3, $4, $5);
INSERT INTO sessions (tenant_id, user_id, expires_at) VALUES ($1, $2, now());
INSERT INTO users (email, name, password_hash) VALUES ($1, 'x', 'x');
INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4) RETURNING created_at AS "createdAt";
SELECT "Membership"."id" AS "Membership_id", "Membership"."created_at" AS "Membership_created_at", "Membership"."updated_at" AS "Membership_updated_at", "Membership"."created_by" AS "Membership_created_by", "Membership"."updated_by" AS "Membership_updated_by", "Membership"."tenant_id" AS "Membership_tenant_id", "Membership"."user_id" AS "Membership_user_id", "Membership"."role" AS "Membership_role" FROM "memberships" "Membership" WHERE (("Membership"."tenant_id" = $1) AND ("Membership"."user_id" = $2)) LIMIT 1;
SELECT "Organization"."id" AS "Organization_id", "Organization"."created_at" AS "Organization_created_at", "Organization"."updated_at" AS "Organization_updated_at", "Organization"."created_by" AS "Organization_created_by", "Organization"."updated_by" AS "Organization_updated_by", "Organization"."tenant_id" AS "Organization_tenant_id", "Organization"."name" AS "Organization_name", "Organization"."slug" AS "Organization_slug" FROM "organizations" "Organization" WHERE (("Organization"."tenant_id" = $1)) LIMIT 1;
SELECT "User"."id" AS "User_id", "User"."created_at" AS "User_created_at", "User"."updated_at" AS "User_updated_at", "User"."created_by" AS "User_created_by", "User"."updated_by" AS "User_updated_by", "User"."email" AS "User_email", "User"."name" AS "User_name" FROM "users" "User" WHERE (("User"."id" = $1)) LIMIT 1;
SELECT "User"."id" AS "User_id", "User"."password_hash" AS "User_password_hash" FROM "users" "User" WHERE (("User"."id" = $1)) LIMIT 1;
SELECT * FROM current_schema();
SELECT * FROM refresh_token_find(sha256($1::bytea));
SELECT * FROM user_find_home($1);
SELECT 1 AS "row_exists" FROM (SELECT 1 AS dummy_column) "dummy_table" WHERE EXISTS (SELECT 1 FROM "refresh_tokens" "RefreshToken" WHERE (("RefreshToken"."tenant_id" = $1) AND ("RefreshToken"."session_id" = $2) AND ("RefreshToken"."token_hash" = $3))) LIMIT 1;
SELECT FROM memberships;
SELECT FROM organizations;
SELECT FROM refresh_tokens;
SELECT FROM sessions;
SELECT FROM users;
SELECT FROM users WHERE id = $1;
SELECT id AS owner FROM users;
SELECT id, type, envelope::text AS envelope, created_at AS "createdAt" FROM outbox_claim($1, $2);
SELECT outbox_mark_published($1, $2::timestamptz, $3::uuid[], $4::bigint[]) AS marked;
SELECT outbox_republish_lost($1, $2::timestamptz, $3, $4) AS lost;
SELECT refresh_token_id AS "refreshTokenId", tenant_id AS "tenantId" FROM refresh_token_find($1);
SELECT request_hash AS "requestHash", response FROM idempotent_requests
         WHERE tenant_id IS NOT DISTINCT FROM $1 AND operation = $2 AND key = $3;
SELECT s.id AS "sessionId", s.user_id AS "userId", s.expires_at AS "sessionExpiresAt",
                s.revoked_at IS NOT NULL OR s.expires_at <= clock_timestamp() AS "sessionEnded",
                t.expires_at <= clock_timestamp() AS "tokenExpired",
                extract(epoch FROM clock_timestamp() - t.rotated_at)::float8 AS "secondsSinceRotation"
         FROM refresh_tokens t JOIN sessions s ON s.tenant_id = t.tenant_id AND s.id = t.session_id
         WHERE t.id = $1
         FOR UPDATE;
SELECT tenant_id AS owner FROM memberships;
SELECT tenant_id AS owner FROM organizations;
SELECT tenant_id AS owner FROM refresh_tokens;
SELECT tenant_id AS owner FROM sessions;
SELECT user_id AS "userId", tenant_id AS "tenantId" FROM user_find_home($1);
SELECT version();
UPDATE idempotent_requests SET response = $2 WHERE id = $1;
UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL;
WITH founded AS (
           INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, $2, $3)
           ON CONFLICT ON CONSTRAINT uq_organizations__slug DO NOTHING
           RETURNING id, created_at
         ), owner AS (
           INSERT INTO memberships (id, tenant_id, user_id, role) SELECT $4, id, $5, 'owner' FROM founded
         )
         SELECT created_at AS "createdAt" FROM founded;
WITH opened AS (
           INSERT INTO sessions (id, tenant_id, user_id, expires_at) VALUES ($1, $2, $3, $4)
         )
         INSERT INTO refresh_tokens (id, tenant_id, session_id, token_hash, expires_at) VALUES ($5, $2, $1, $6, $7);
WITH used AS (
           UPDATE refresh_tokens SET rotated_at = clock_timestamp() WHERE id = $1
         )
         INSERT INTO refresh_tokens (id, tenant_id, session_id, token_hash, expires_at) VALUES ($2, $3, $4, $5, $6);
