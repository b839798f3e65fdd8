import { z } from 'zod';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { idSchema, instantSchema, labelSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** An absolute path on the app, with neither query nor control characters. */
const healthPathSchema = z
  .string()
  .max(200)
  .regex(/^\/[A-Za-z0-9\-._~/]*$/, 'must be an absolute path of unreserved characters');

/** The program and its arguments; never a shell line. Without one, `node <main of package.json>` is run. */
const commandSchema = z.array(z.string().min(1).max(1000)).min(1).max(50);

export const appSchema = z.object({
  id: idSchema,
  projectId: idSchema,
  name: z.string(),
  /** Host name under the apps domain, one label deep; unique over all organizations. */
  host: z.string(),
  url: z.string(),
  healthPath: z.string(),
  command: z.array(z.string()).nullable(),
  /** Bytes an instance may hold resident. */
  memoryLimitBytes: z.int(),
  liveDeploymentId: idSchema.nullable(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
});

const common = { service: 'deploy', entity: 'app', callers: ['gateway'], tenancy: 'tenant' } as const;

const MEBIBYTE = 1024 * 1024;

export const appCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    projectId: idSchema,
    name: labelSchema,
    healthPath: healthPathSchema.default('/'),
    command: commandSchema.nullable().default(null),
    memoryLimitBytes: z
      .int()
      .min(64 * MEBIBYTE)
      .max(64 * 1024 * MEBIBYTE)
      .default(256 * MEBIBYTE),
  }),
  response: appSchema,
  permission: 'projects:write',
});

export const appGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ appId: idSchema }),
  response: appSchema,
  permission: 'projects:read',
});

export const appList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({ projectId: idSchema }),
  response: numberedPageOf(appSchema),
  permission: 'projects:read',
});

/** Takes the live deployment out of service: the host answers 404 and nothing runs or is metered. */
export const appDeactivate = rpc({
  ...common,
  verb: 'deactivate',
  request: z.strictObject({ appId: idSchema }),
  response: appSchema,
  permission: 'deployments:write',
});
