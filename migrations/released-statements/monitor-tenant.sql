-- Statements that the last release of monitor-tenant sends. Written by npm run statements, when that release is the oldest that
-- still runs anywhere. See docs/runbooks/migrations.md, also for these, its checks and functions:
--   ck_dashboard_configs__widgets ck_metrics_sessions__client ck_metrics_sessions__ended_at
--   ck_migration_digests__sha256 ck_tool_metrics__duration_ms ck_users__role

DELETE FROM "${schema}"."dashboard_configs" WHERE id = $1 RETURNING id;
DELETE FROM "${schema}".dashboard_configs;
INSERT INTO "${schema}"."dashboard_configs" (id, name, widgets) VALUES ($1, $2, $3) RETURNING id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt";
INSERT INTO "${schema}"."metrics_sessions" (id, user_id, client, started_at, ended_at) VALUES ($1, $2, $3, $4, $5);
INSERT INTO "${schema}"."tool_metrics" (id, session_id, tool, duration_ms, succeeded, used_at)
       VALUES ($1, $2, $3, $4, $5, $6);
INSERT INTO "${schema}"."users" (id, email, name, role, joined_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role;
INSERT INTO "${schema}".dashboard_configs (name, widgets) VALUES ($1, '[]');
INSERT INTO "${schema}".dashboard_configs (name, widgets) VALUES ('Main', '[]');
INSERT INTO "${schema}".metrics_sessions (user_id, client, started_at) VALUES (uuid_generate_v4(), 'cli', now());
INSERT INTO "${schema}".tool_metrics (session_id, tool, duration_ms, succeeded, used_at)
         SELECT id, 'test', 1, true, now() FROM "${schema}".metrics_sessions;
INSERT INTO "${schema}".users (id, email, name, role, joined_at) VALUES (uuid_generate_v4(), 'a@b.c', 'A', 'owner', now());
SELECT count(*)::integer AS count FROM "${schema}".dashboard_configs;
SELECT count(*)::integer AS count FROM "${schema}".metrics_sessions;
SELECT count(*)::integer AS count FROM "${schema}".tool_metrics;
SELECT count(*)::integer AS count FROM "${schema}".users;
SELECT id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt" FROM "${schema}"."dashboard_configs" WHERE id = $1;
SELECT id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt" FROM "${schema}"."dashboard_configs" WHERE true AND (created_at, id) > ($2::timestamptz, $3::uuid) ORDER BY created_at ASC, id ASC LIMIT $1;
SELECT id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt" FROM "${schema}"."dashboard_configs" WHERE true ORDER BY created_at ASC, id ASC LIMIT $1;
SELECT id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt" FROM "${schema}"."tool_metrics" WHERE session_id = $1 AND tool = $2 ORDER BY used_at DESC, id DESC LIMIT $3;
SELECT id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt" FROM "${schema}"."tool_metrics" WHERE session_id = $1 ORDER BY used_at DESC, id DESC LIMIT $2;
SELECT id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt" FROM "${schema}"."tool_metrics" WHERE tool = $1 ORDER BY used_at DESC, id DESC LIMIT $2;
SELECT id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt" FROM "${schema}"."tool_metrics" WHERE true AND (used_at, id) < ($2::timestamptz, $3::uuid) ORDER BY used_at DESC, id DESC LIMIT $1;
SELECT id, session_id AS "workSessionId", tool, duration_ms AS "durationMs", succeeded, used_at AS "usedAt" FROM "${schema}"."tool_metrics" WHERE true ORDER BY used_at DESC, id DESC LIMIT $1;
SELECT id, user_id AS "userId", client, started_at AS "startedAt", ended_at AS "endedAt" FROM "${schema}"."metrics_sessions" WHERE id = $1 AND user_id = $2;
SELECT id, user_id AS "userId", client, started_at AS "startedAt", ended_at AS "endedAt" FROM "${schema}"."metrics_sessions" WHERE true ORDER BY started_at DESC, id DESC LIMIT $1;
SELECT id, user_id AS "userId", client, started_at AS "startedAt", ended_at AS "endedAt" FROM "${schema}"."metrics_sessions" WHERE user_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2;
SELECT name FROM "${schema}".dashboard_configs;
SELECT name FROM "${schema}".dashboard_configs ORDER BY name;
UPDATE "${schema}"."dashboard_configs" SET name = coalesce($2, name), widgets = coalesce($3::jsonb, widgets)
         WHERE id = $1 RETURNING id, name, widgets, created_at AS "createdAt", updated_at AS "updatedAt";
UPDATE "${schema}"."metrics_sessions" SET ended_at = coalesce(ended_at, greatest(started_at, $3))
       WHERE id = $1 AND user_id = $2 RETURNING id, user_id AS "userId", client, started_at AS "startedAt", ended_at AS "endedAt";
UPDATE "${schema}".dashboard_configs SET name = 'Taken';
