import { z } from 'zod';
import { projectIdSchema } from '../ids.js';
import { numberedPageOf, numberedPageRequest } from '../page.js';
import { createdAtSchema, displayNameSchema, updatedAtSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const projectSchema = z
  .object({
    id: projectIdSchema,
    name: z.string().describe('Name of the project, unique in the organization whatever its case.'),
    createdAt: createdAtSchema,
    updatedAt: updatedAtSchema,
  })
  .describe('A project, which holds apps.');

const common = { service: 'deploy', entity: 'project', callers: ['gateway'], tenancy: 'tenant' } as const;

export const projectCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    name: displayNameSchema.describe(
      'Name of the project, unique in the organization whatever its case; control characters are refused.',
    ),
  }),
  response: projectSchema,
  permission: 'projects:write',
});

export const projectGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ projectId: projectIdSchema }),
  response: projectSchema,
  permission: 'projects:read',
});

export const projectList = rpc({
  ...common,
  verb: 'list',
  request: numberedPageRequest({}),
  response: numberedPageOf(projectSchema).describe('A page of projects, oldest first.'),
  permission: 'projects:read',
});
