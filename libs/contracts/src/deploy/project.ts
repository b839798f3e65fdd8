import { z } from 'zod';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { displayNameSchema, idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const projectSchema = z.object({
  id: idSchema,
  name: z.string(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
});

const common = { service: 'deploy', entity: 'project', callers: ['gateway'], tenancy: 'tenant' } as const;

export const projectCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({ name: displayNameSchema }),
  response: projectSchema,
  permission: 'projects:write',
});

export const projectGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ projectId: idSchema }),
  response: projectSchema,
  permission: 'projects:read',
});

export const projectList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({}),
  response: numberedPageOf(projectSchema),
  permission: 'projects:read',
});
