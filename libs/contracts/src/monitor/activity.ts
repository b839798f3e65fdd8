import { z } from 'zod';
import { pageOf, pageRequestShape } from '../page.js';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

/** The timeline of an organization: what happened to its apps and deployments, newest first. */
export const activityList = rpc({
  service: 'monitor',
  entity: 'activity',
  verb: 'list',
  request: z.strictObject({ ...pageRequestShape }),
  response: pageOf(
    z.object({
      id: idSchema,
      /** Type of the event behind it. */
      type: z.string(),
      appId: idSchema.nullable(),
      deploymentId: idSchema.nullable(),
      summary: z.string(),
      occurredAt: instantSchema,
    }),
  ),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'metrics:read',
});
