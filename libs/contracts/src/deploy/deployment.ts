import { z } from 'zod';
import { appIdSchema, deploymentIdSchema, projectIdSchema } from '../ids.js';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { createdAtSchema, idSchema, instantSchema, updatedAtSchema } from '../primitives.js';
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
export const deploymentStateSchema = z
  .enum(deploymentStates)
  .describe(
    'How far the deployment has come: waiting (`created`, `queued`), being built, being started (`update_in_progress`), in service (`live`), or ended. It ended by a failure (`build_failed`, `update_failed`), or was replaced by a newer one (`superseded`), taken out of service (`deactivated`) or called off (`canceled`).',
  );
export type DeploymentState = z.infer<typeof deploymentStateSchema>;

export const deploymentFailureSchema = z
  .object({
    reason: z
      .enum([
        'source_unavailable',
        'source_invalid',
        'build_timed_out',
        'command_not_found',
        'exited_early',
        'never_listened',
        'unhealthy',
        'memory_exceeded',
        'platform_error',
      ])
      .describe('Why it failed, for programs.'),
    detail: z.string().describe('Why it failed, for people.'),
  })
  .describe('Why the deployment failed.');
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
  type: z.literal('git').describe('The files of a git repository. An archive is sent as the body itself.'),
  url: z
    .string()
    .max(2000)
    .describe('HTTP or HTTPS URL of the repository, without credentials, query or fragment.'),
  ref: z
    .string()
    .max(200)
    .optional()
    .describe('Branch, tag or full commit id; the default branch of the repository unless given.'),
});

export const deploymentSchema = z
  .object({
    id: deploymentIdSchema,
    appId: appIdSchema,
    projectId: projectIdSchema,
    state: deploymentStateSchema,
    failure: deploymentFailureSchema
      .nullable()
      .describe('Why the deployment failed; null unless it is `build_failed` or `update_failed`.'),
    source: z
      .object({
        type: z.enum(['archive', 'git']).describe('Whether an archive was sent or a git repository named.'),
        digest: z
          .string()
          .nullable()
          .describe('SHA-256 of the archive as it was sent, in lower-case hex; null for git.'),
        gitUrl: z.string().nullable().describe('URL of the git repository; null for an archive.'),
        gitRef: z
          .string()
          .nullable()
          .describe('Branch, tag or commit as requested; null for the default branch and for an archive.'),
        gitCommit: z
          .string()
          .nullable()
          .describe('Full id of the commit that was fetched; null until it is known and for an archive.'),
      })
      .describe('Where the files come from.'),
    rollbackOf: deploymentIdSchema
      .nullable()
      .describe('Id of the deployment that this one restores; null unless it is a rollback.'),
    url: z.string().describe('Address that the app is reached at.'),
    instance: z
      .object({
        id: idSchema.describe('Id of the instance.'),
        state: z
          .enum(['starting', 'healthy', 'draining', 'exited', 'unknown'])
          .describe(
            'What the instance was last seen doing; `unknown` when nothing has been seen of it for a minute.',
          ),
        observedAt: instantSchema
          .nullable()
          .describe('When the instance was last seen; null until it is seen first.'),
        memoryLimit: z
          .enum(['cgroup', 'watchdog'])
          .describe(
            'What holds the instance to its memory limit: the kernel (`cgroup`), or the platform, which checks it every second (`watchdog`).',
          ),
        restarts: z
          .int()
          .nonnegative()
          .describe(
            'How many instances in a row ended before this one; counted anew once one has run for 5 minutes. The pause before the next one doubles with each, up to a minute.',
          ),
        lastExit: z
          .object({
            detail: z.string().describe('How it ended, for people.'),
            exitedAt: instantSchema.describe('When the platform saw that it had ended.'),
          })
          .nullable()
          .describe('The latest end of an instance of the deployment; null when none has ended.'),
      })
      .nullable()
      .describe('The latest instance of the deployment; null until one is started.'),
    createdAt: createdAtSchema,
    updatedAt: updatedAtSchema,
    liveAt: instantSchema.nullable().describe('When the deployment went live; null if it never did.'),
  })
  .describe('One version of an app, on its way to being live or past it.');

const common = { service: 'deploy', entity: 'deployment', callers: ['gateway'], tenancy: 'tenant' } as const;

export const deploymentCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    appId: appIdSchema,
    source: z.discriminatedUnion('type', [archiveSourceSchema, gitSourceSchema]),
  }),
  response: deploymentSchema,
  permission: 'deployments:write',
});

export const deploymentGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ deploymentId: deploymentIdSchema }),
  response: deploymentSchema,
  permission: 'deployments:read',
});

export const deploymentList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({ appId: appIdSchema }),
  response: numberedPageOf(deploymentSchema).describe('A page of deployments, newest first.'),
  permission: 'deployments:read',
});

export const deploymentCancel = rpc({
  ...common,
  verb: 'cancel',
  request: z.strictObject({ deploymentId: deploymentIdSchema }),
  response: deploymentSchema,
  permission: 'deployments:write',
});

export const deploymentRollback = rpc({
  ...common,
  verb: 'rollback',
  request: z.strictObject({ deploymentId: deploymentIdSchema }),
  response: deploymentSchema,
  permission: 'deployments:write',
});
