import { randomUUID } from 'node:crypto';
import { type DeploymentState, deploymentStates } from '@capsule/contracts';
import { createTestDatabase, type TestDatabase } from '@capsule/testing';
import type { Client } from 'pg';
import { canChange, isEnded, unfinishedStates } from './deployment-states.js';

describe('the ways between states', () => {
  it('lead from created to every other state', () => {
    const reached = new Set<DeploymentState>(['created']);
    for (const from of reached) for (const to of deploymentStates) if (canChange(from, to)) reached.add(to);
    expect([...reached].sort()).toEqual([...deploymentStates].sort());
  });

  it('end in exactly the failed, superseded, deactivated and canceled states', () => {
    expect(deploymentStates.filter(isEnded)).toEqual([
      'build_failed',
      'update_failed',
      'superseded',
      'deactivated',
      'canceled',
    ]);
    expect(unfinishedStates).toEqual(['created', 'queued', 'build_in_progress', 'update_in_progress']);
  });
});

describe('the database', () => {
  const tenantId = randomUUID();
  const projectId = randomUUID();
  const appId = randomUUID();
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('deploy');
    await database.asSuperuser(async (db) => {
      await db.query(`INSERT INTO organizations (id, tenant_id, name, slug) VALUES ($1, $1, 'a', 'a')`, [
        tenantId,
      ]);
      await db.query(`INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, 'p')`, [
        projectId,
        tenantId,
      ]);
      await db.query(
        `INSERT INTO apps (id, tenant_id, project_id, name, host, health_path, memory_limit_bytes)
         VALUES ($1, $2, $3, 'a', 'a-a', '/', 1)`,
        [appId, tenantId, projectId],
      );
    });
  });

  afterAll(() => database?.close());

  /** A deployment in the state, put there past the trigger. */
  async function deploymentIn(db: Client, state: DeploymentState): Promise<string> {
    const id = randomUUID();
    await db.query(`SET session_replication_role = replica`);
    await db.query(`DELETE FROM deployments`);
    await db.query(
      `INSERT INTO deployments (id, tenant_id, project_id, app_id, number, state, source_type, git_url, live_at,
         ended_at, failure_reason, failure_detail)
       VALUES ($1, $2, $3, $4, 1, $5, 'git', 'https://example.com/a', CASE WHEN $6 THEN now() END,
         CASE WHEN $7 THEN now() END, CASE WHEN $8 THEN 'unhealthy' END, CASE WHEN $8 THEN 'x' END)`,
      [id, tenantId, projectId, appId, state, ...columnsOf(state)],
    );
    await db.query(`SET session_replication_role = origin`);
    return id;
  }

  function columnsOf(state: DeploymentState): [live: boolean, ended: boolean, failed: boolean] {
    return [['live', 'deactivated'].includes(state), isEnded(state), state.endsWith('_failed')];
  }

  it('allows exactly the transitions that the code knows, and writes each of them down', async () => {
    const allowed: string[] = [];
    const recorded: string[] = [];
    await database.asSuperuser(async (db) => {
      for (const from of deploymentStates) {
        for (const to of deploymentStates.filter((state) => state !== from)) {
          const id = await deploymentIn(db, from);
          const [live, ended, failed] = columnsOf(to);
          const changed = await db
            .query(
              `UPDATE deployments SET state = $2, live_at = CASE WHEN $3 THEN now() END,
                 ended_at = CASE WHEN $4 THEN now() END, failure_reason = CASE WHEN $5 THEN 'unhealthy' END,
                 failure_detail = CASE WHEN $5 THEN 'x' END WHERE id = $1`,
              [id, to, live, ended, failed],
            )
            .then(() => true)
            .catch((error: { constraint?: string }) => {
              if (error.constraint !== 'ck_deployments__transition') throw error;
              return false;
            });
          if (changed) allowed.push(`${from} -> ${to}`);
          const { rows } = await db.query<{ way: string }>(
            `SELECT from_state || ' -> ' || to_state AS way FROM deployment_transitions WHERE deployment_id = $1`,
            [id],
          );
          recorded.push(...rows.map((row) => row.way));
        }
      }
    });
    const known = deploymentStates.flatMap((from) =>
      deploymentStates.filter((to) => canChange(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(allowed.sort()).toEqual(known.sort());
    expect(recorded.sort()).toEqual(allowed);
  });

  it('refuses a deployment that does not begin as created', async () => {
    await expect(
      database.asSuperuser((db) =>
        db.query(
          `INSERT INTO deployments (tenant_id, project_id, app_id, number, state, source_type, git_url)
           VALUES ($1, $2, $3, 99, 'queued', 'git', 'https://example.com/a')`,
          [tenantId, projectId, appId],
        ),
      ),
    ).rejects.toThrow('begins as created');
  });

  it('holds an app to one live and one updating deployment', async () => {
    for (const state of ['live', 'update_in_progress'] as const) {
      const error = await database.asSuperuser(async (db) => {
        const id = await deploymentIn(db, state);
        await db.query(`SET session_replication_role = replica`);
        return db
          .query(
            `INSERT INTO deployments (tenant_id, project_id, app_id, number, state, source_type, git_url, live_at)
             SELECT tenant_id, project_id, app_id, 2, state, source_type, git_url, now() FROM deployments WHERE id = $1`,
            [id],
          )
          .catch((failure: { constraint?: string }) => failure.constraint);
      });
      expect(error).toBe(state === 'live' ? 'uq_deployments__live' : 'uq_deployments__updating');
    }
  });
});
