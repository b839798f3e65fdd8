import { z } from 'zod';
import { appIdSchema, deploymentIdSchema } from '../ids.js';
import { pageOf, pageRequestShape } from '../page.js';
import { idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

export const activityList = rpc({
  service: 'monitor',
  entity: 'activity',
  verb: 'list',
  request: z.strictObject({ ...pageRequestShape }),
  response: pageOf(
    z.object({
      id: idSchema.describe('Id of the entry.'),
      type: z
        .string()
        .describe('What happened, for programs, such as `capsule.deploy.deployment.went-live.v1`.'),
      appId: appIdSchema.nullable().describe('Id of the app it happened to, if any.'),
      deploymentId: deploymentIdSchema.nullable().describe('Id of the deployment it happened to, if any.'),
      summary: z.string().describe('What happened, for people.'),
      occurredAt: instantSchema.describe('When it happened.'),
    }),
  ).describe('A page of what happened, newest first.'),
  callers: ['gateway'],
  tenancy: 'tenant',
  permission: 'metrics:read',
});
