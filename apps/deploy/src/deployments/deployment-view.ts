import type { DeploymentFailureReason, deploymentGet, DeploymentState, ResponseOf } from '@capsule/contracts';
import type { InstanceState } from './instances/instance.entity.js';

/** What was seen longer ago than this is not known any more. */
const OBSERVATION_VALID_MS = 60_000;

export interface DeploymentViewRow {
  id: string;
  appId: string;
  projectId: string;
  state: DeploymentState;
  failureReason: DeploymentFailureReason | null;
  failureDetail: string | null;
  sourceType: 'archive' | 'git';
  sourceDigest: string | null;
  gitUrl: string | null;
  gitRef: string | null;
  gitCommit: string | null;
  rollbackOf: string | null;
  createdAt: Date;
  updatedAt: Date;
  liveAt: Date | null;
  host: string;
  instanceId: string | null;
  instanceState: InstanceState | null;
  instanceCreatedAt: Date | null;
  instanceMemoryLimit: 'cgroup' | 'watchdog' | null;
  observedAt: Date | null;
  restarts: number | null;
  /** Of the latest instance of the deployment that has ended. */
  exitDetail: string | null;
  exitedAt: Date | null;
}

export const DEPLOYMENT_VIEW = `
  SELECT d.id, d.app_id AS "appId", d.project_id AS "projectId", d.state, d.failure_reason AS "failureReason",
    d.failure_detail AS "failureDetail", d.source_type AS "sourceType", d.source_digest AS "sourceDigest",
    d.git_url AS "gitUrl", d.git_ref AS "gitRef", d.git_commit AS "gitCommit", d.rollback_of AS "rollbackOf",
    d.created_at AS "createdAt", d.updated_at AS "updatedAt", d.live_at AS "liveAt", a.host,
    i.id AS "instanceId", i.state AS "instanceState", i.created_at AS "instanceCreatedAt",
    i.memory_limit AS "instanceMemoryLimit", i.observed_at AS "observedAt",
    i.restarts, e.exit_detail AS "exitDetail", e.exited_at AS "exitedAt"
  FROM deployments d
  JOIN apps a ON a.tenant_id = d.tenant_id AND a.id = d.app_id
  LEFT JOIN LATERAL (
    SELECT * FROM instances n WHERE n.tenant_id = d.tenant_id AND n.deployment_id = d.id
    ORDER BY n.created_at DESC, n.id DESC LIMIT 1
  ) i ON true
  LEFT JOIN LATERAL (
    SELECT n.exit_detail, n.exited_at FROM instances n
    WHERE n.tenant_id = d.tenant_id AND n.deployment_id = d.id AND n.state = 'exited'
    ORDER BY n.created_at DESC, n.id DESC LIMIT 1
  ) e ON true`;

type View = ResponseOf<typeof deploymentGet>;

export function deploymentView(row: DeploymentViewRow, url: string): View {
  return {
    id: row.id,
    appId: row.appId,
    projectId: row.projectId,
    state: row.state,
    failure:
      row.failureReason === null ? null : { reason: row.failureReason, detail: row.failureDetail ?? '' },
    source: {
      type: row.sourceType,
      digest: row.sourceDigest,
      gitUrl: row.gitUrl,
      gitRef: row.gitRef,
      gitCommit: row.gitCommit,
    },
    rollbackOf: row.rollbackOf,
    url,
    instance: instanceView(row, Date.now()),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    liveAt: row.liveAt?.toISOString() ?? null,
  };
}

function instanceView(row: DeploymentViewRow, now: number): View['instance'] {
  if (row.instanceId === null || row.instanceState === null || row.instanceMemoryLimit === null) return null;
  // Until it is first seen, an instance that was just begun is known to be starting.
  const seenAt = row.observedAt ?? row.instanceCreatedAt;
  const stale = seenAt === null || now - seenAt.getTime() > OBSERVATION_VALID_MS;
  return {
    id: row.instanceId,
    state: row.instanceState !== 'exited' && stale ? 'unknown' : row.instanceState,
    observedAt: row.observedAt?.toISOString() ?? null,
    memoryLimit: row.instanceMemoryLimit,
    restarts: row.restarts ?? 0,
    lastExit:
      row.exitedAt === null ? null : { detail: row.exitDetail ?? '', exitedAt: row.exitedAt.toISOString() },
  };
}
