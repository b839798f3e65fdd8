import { z } from 'zod';
import { pageOf, pageRequestShape } from '../page.js';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const workClients = ['console', 'cli', 'editor', 'api'] as const;

/** A stretch of work of one user with one client. */
export const workSessionSchema = z.object({
  id: idSchema,
  userId: idSchema,
  client: z.enum(workClients),
  startedAt: instantSchema,
  /** Null while it goes on. */
  endedAt: instantSchema.nullable(),
});

const common = {
  service: 'monitor',
  entity: 'work-session',
  callers: ['gateway'],
  tenancy: 'tenant',
} as const;

/** Begins a stretch of work of the caller, or records one that has ended. */
export const workSessionCreate = rpc({
  ...common,
  verb: 'create',
  request: z
    .strictObject({
      client: z.enum(workClients),
      /** Now, unless it is told. */
      startedAt: instantSchema.optional(),
      endedAt: instantSchema.optional(),
    })
    .refine(
      ({ startedAt, endedAt }) =>
        endedAt === undefined || (startedAt !== undefined && Date.parse(startedAt) <= Date.parse(endedAt)),
      { path: ['endedAt'], message: 'Needs `startedAt`, and may not be before it' },
    ),
  response: workSessionSchema,
  permission: 'metrics:write',
});

/** Ends a stretch of work of the caller; one that has ended keeps the end it has. */
export const workSessionEnd = rpc({
  ...common,
  verb: 'end',
  request: z.strictObject({ workSessionId: idSchema }),
  response: workSessionSchema,
  permission: 'metrics:write',
});

/** Newest first; of everybody, or of one user. */
export const workSessionList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({ userId: idSchema.optional(), ...pageRequestShape }),
  response: pageOf(workSessionSchema),
  permission: 'metrics:read',
});
