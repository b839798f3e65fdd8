import { z } from 'zod';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const deploymentStates = [
  'created',
  'queued',
  'build_in_progress',
  'build_failed',
  'update_in_progress',
  'update_failed',
  'live',
  'superseded',
  'deactivated',
  'canceled',
] as const;
export const deploymentStateSchema = z.enum(deploymentStates);
export type DeploymentState = z.infer<typeof deploymentStateSchema>;

/** Why a deployment failed, for people and programs. */
export const deploymentFailureSchema = z.object({
  reason: z.enum([
    'source_unavailable',
    'source_invalid',
    'build_timed_out',
    'command_not_found',
    'exited_early',
    'never_listened',
    'unhealthy',
    'memory_exceeded',
    'platform_error',
  ]),
  detail: z.string(),
});
export type DeploymentFailureReason = z.infer<typeof deploymentFailureSchema>['reason'];

/** Where a deployment's files come from. The archive is in storage already; only its digest and size ride here. */
export const archiveSourceSchema = z.strictObject({
  type: z.literal('archive'),
  archiveId: idSchema,
  /** Lower-case hex SHA-256 of the packed bytes. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().positive(),
});
export const gitSourceSchema = z.strictObject({
  type: z.literal('git'),
  url: z.string().max(2000),
  /** Branch, tag or full commit id; the default branch of the repository without one. */
  ref: z.string().max(200).optional(),
});

export const deploymentSchema = z.object({
  id: idSchema,
  appId: idSchema,
  projectId: idSchema,
  state: deploymentStateSchema,
  failure: deploymentFailureSchema.nullable(),
  source: z.object({
    type: z.enum(['archive', 'git']),
    digest: z.string().nullable(),
    gitUrl: z.string().nullable(),
    gitRef: z.string().nullable(),
    gitCommit: z.string().nullable(),
  }),
  /** The deployment this one restores, for a rollback. */
  rollbackOf: idSchema.nullable(),
  url: z.string(),
  instance: z
    .object({
      id: idSchema,
      state: z.enum(['starting', 'healthy', 'draining', 'exited', 'unknown']),
      /** When the state was last observed; older than a minute means `unknown`. */
      observedAt: instantSchema.nullable(),
      memoryLimit: z.enum(['cgroup', 'watchdog']),
    })
    .nullable(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
  liveAt: instantSchema.nullable(),
});

const common = { service: 'deploy', entity: 'deployment', callers: ['gateway'], tenancy: 'tenant' } as const;

export const deploymentCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    appId: idSchema,
    source: z.discriminatedUnion('type', [archiveSourceSchema, gitSourceSchema]),
  }),
  response: deploymentSchema,
  permission: 'deployments:write',
});

export const deploymentGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ deploymentId: idSchema }),
  response: deploymentSchema,
  permission: 'deployments:read',
});

export const deploymentList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({ appId: idSchema }),
  response: numberedPageOf(deploymentSchema),
  permission: 'deployments:read',
});

export const deploymentCancel = rpc({
  ...common,
  verb: 'cancel',
  request: z.strictObject({ deploymentId: idSchema }),
  response: deploymentSchema,
  permission: 'deployments:write',
});

/** Makes a new deployment from the kept artifact of an earlier one that was live. */
export const deploymentRollback = rpc({
  ...common,
  verb: 'rollback',
  request: z.strictObject({ deploymentId: idSchema }),
  response: deploymentSchema,
  permission: 'deployments:write',
});
