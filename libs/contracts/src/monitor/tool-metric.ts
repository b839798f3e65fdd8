import { z } from 'zod';
import { workSessionIdSchema } from '../ids.js';
import { pageOf, pageRequestShape } from '../page.js';
import { givenInstantSchema, idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

const DAY_MS = 86_400_000;

const toolSchema = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'must be words of a-z and 0-9 joined by dots or hyphens');

const TOOL = 'Name of the tool, such as `capsule.deploy`';
const durationMs = z.int().min(0).max(DAY_MS).describe('How long the use took, in milliseconds.');
const succeeded = z.boolean().describe('Whether the tool did what it was used for.');

export const toolMetricSchema = z
  .object({
    id: idSchema.describe('Id of this use.'),
    workSessionId: workSessionIdSchema,
    tool: z.string().describe(`${TOOL}.`),
    durationMs,
    succeeded,
    usedAt: instantSchema.describe('When the tool was used.'),
  })
  .describe('One use of a tool in a work session.');

const common = {
  service: 'monitor',
  entity: 'tool-metric',
  callers: ['gateway'],
  tenancy: 'tenant',
} as const;

export const toolMetricCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    workSessionId: workSessionIdSchema,
    tool: toolSchema.describe(`${TOOL}: words of a-z and 0-9 joined by dots or hyphens.`),
    durationMs,
    succeeded,
    usedAt: givenInstantSchema.optional().describe('When the tool was used; now unless given.'),
  }),
  response: toolMetricSchema,
  permission: 'metrics:write',
});

export const toolMetricList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({
    workSessionId: workSessionIdSchema.optional().describe('Only uses in this work session.'),
    tool: toolSchema.optional().describe('Only uses of this tool.'),
    ...pageRequestShape,
  }),
  response: pageOf(toolMetricSchema).describe('A page of uses of tools, newest first.'),
  permission: 'metrics:read',
});
