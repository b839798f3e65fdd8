import { z } from 'zod';
import { appIdSchema, deploymentIdSchema, projectIdSchema } from '../ids.js';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { createdAtSchema, labelSchema, updatedAtSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** Neither a query nor control characters. */
const healthPathSchema = z
  .string()
  .max(200)
  .regex(/^\/[A-Za-z0-9\-._~/]*$/, 'must be an absolute path of unreserved characters')
  .describe('Path that a new instance must answer with a status from 200 to 399 before it gets requests.');

const COMMAND =
  'The program and its arguments; no shell reads them. Null: the start script of package.json if it is `node <file>`, else its `main`, index.js or server.js.';
const commandSchema = z.array(z.string().min(1).max(1000)).min(1).max(50);

const APP_NAME = 'Name of the app, unique in the project; its host name begins with it.';
const MEMORY_LIMIT = 'Memory an instance may hold, in bytes; one that holds more is ended.';

export const appSchema = z
  .object({
    id: appIdSchema,
    projectId: projectIdSchema,
    name: z.string().describe(APP_NAME),
    /** Under the apps domain, one label deep. */
    host: z.string().describe('Host name that the app is reached at, unique on the platform.'),
    url: z.string().describe('Address that the app is reached at.'),
    healthPath: healthPathSchema,
    command: z.array(z.string()).nullable().describe(COMMAND),
    memoryLimitBytes: z.int().describe(MEMORY_LIMIT),
    liveDeploymentId: deploymentIdSchema
      .nullable()
      .describe('Id of the deployment in service; null while there is none.'),
    createdAt: createdAtSchema,
    updatedAt: updatedAtSchema,
  })
  .describe('An app, which runs under one host name.');

const common = { service: 'deploy', entity: 'app', callers: ['gateway'], tenancy: 'tenant' } as const;

const MEBIBYTE = 1024 * 1024;

export const appCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    projectId: projectIdSchema,
    name: labelSchema.describe(
      `${APP_NAME} Begins with a letter and holds a-z, 0-9 and, in between, hyphens.`,
    ),
    healthPath: healthPathSchema.default('/'),
    command: commandSchema.nullable().default(null).describe(COMMAND),
    memoryLimitBytes: z
      .int()
      .min(64 * MEBIBYTE)
      .max(64 * 1024 * MEBIBYTE)
      .default(256 * MEBIBYTE)
      .describe(`${MEMORY_LIMIT} The plan may allow less than the maximum.`),
  }),
  response: appSchema,
  permission: 'projects:write',
});

export const appGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ appId: appIdSchema }),
  response: appSchema,
  permission: 'projects:read',
});

export const appList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({ projectId: projectIdSchema }),
  response: numberedPageOf(appSchema).describe('A page of apps, oldest first.'),
  permission: 'projects:read',
});

export const appDeactivate = rpc({
  ...common,
  verb: 'deactivate',
  request: z.strictObject({ appId: appIdSchema }),
  response: appSchema,
  permission: 'deployments:write',
});
