import { z } from 'zod';
import { userIdSchema, workSessionIdSchema } from '../ids.js';
import { pageOf, pageRequestShape } from '../page.js';
import { givenInstantSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const workClients = ['console', 'cli', 'editor', 'api'] as const;

const clientSchema = z.enum(workClients).describe('What the user works with.');

export const workSessionSchema = z
  .object({
    id: workSessionIdSchema,
    userId: userIdSchema,
    client: clientSchema,
    startedAt: instantSchema.describe('When the work began.'),
    endedAt: instantSchema.nullable().describe('When the work ended; null while it goes on.'),
  })
  .describe('A stretch of work of one user with one client.');

const common = {
  service: 'monitor',
  entity: 'work-session',
  callers: ['gateway'],
  tenancy: 'tenant',
} as const;

export const workSessionCreate = rpc({
  ...common,
  verb: 'create',
  request: z
    .strictObject({
      client: clientSchema,
      startedAt: givenInstantSchema.optional().describe('When the work began; now unless given.'),
      endedAt: givenInstantSchema
        .optional()
        .describe('When the work ended, if it has; needs `startedAt` and may not be before it.'),
    })
    .refine(
      ({ startedAt, endedAt }) =>
        endedAt === undefined || (startedAt !== undefined && Date.parse(startedAt) <= Date.parse(endedAt)),
      { path: ['endedAt'], message: 'Needs `startedAt`, and may not be before it' },
    ),
  response: workSessionSchema,
  permission: 'metrics:write',
});

export const workSessionEnd = rpc({
  ...common,
  verb: 'end',
  request: z.strictObject({ workSessionId: workSessionIdSchema }),
  response: workSessionSchema,
  permission: 'metrics:write',
});

export const workSessionList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({
    userId: userIdSchema.optional().describe('Only work sessions of this user.'),
    ...pageRequestShape,
  }),
  response: pageOf(workSessionSchema).describe('A page of work sessions, newest first.'),
  permission: 'metrics:read',
});
