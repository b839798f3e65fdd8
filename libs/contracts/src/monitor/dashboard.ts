import { z } from 'zod';
import { appIdSchema, dashboardIdSchema } from '../ids.js';
import { pageOf, pageRequestShape } from '../page.js';
import { createdAtSchema, displayNameSchema, updatedAtSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

const WIDGETS_MAX = 50;
const COLUMNS = 12;
const ROWS_MAX = 1_000;

const placeSchema = z.strictObject({
  column: z
    .int()
    .min(0)
    .max(COLUMNS - 1)
    .describe(`Leftmost of the ${COLUMNS} columns it covers, the first being 0.`),
  row: z
    .int()
    .min(0)
    .max(ROWS_MAX - 1)
    .describe('Topmost row it covers, the first being 0.'),
  width: z.int().min(1).max(COLUMNS).describe('Number of columns it covers.'),
  height: z.int().min(1).max(ROWS_MAX).describe('Number of rows it covers.'),
});

/** What a dashboard shows in one place. */
export const widgetSchema = z.strictObject({
  kind: z.enum(['cpu', 'memory', 'activity', 'work-sessions', 'tool-metrics']).describe('What it shows.'),
  title: displayNameSchema.describe('Heading; control characters are refused.'),
  appId: appIdSchema.nullable().default(null).describe('Id of the app it is about; null for all apps.'),
  place: placeSchema.describe(`Where it lies in the grid of ${COLUMNS} columns.`),
});
export type Widget = z.output<typeof widgetSchema>;

const NAME = 'Name of the dashboard, unique in the organization whatever its case.';
const nameSchema = displayNameSchema.describe(`${NAME} Control characters are refused.`);
const widgetsSchema = z.array(widgetSchema).max(WIDGETS_MAX);

export const dashboardSchema = z
  .object({
    id: dashboardIdSchema,
    name: z.string().describe(NAME),
    widgets: z.array(widgetSchema).describe('What the dashboard shows, in the order given.'),
    createdAt: createdAtSchema,
    updatedAt: updatedAtSchema,
  })
  .describe('What the members of the organization want to see together.');

const common = { service: 'monitor', entity: 'dashboard', callers: ['gateway'], tenancy: 'tenant' } as const;

export const dashboardCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({
    name: nameSchema,
    widgets: widgetsSchema.default([]).describe('What the dashboard shows.'),
  }),
  response: dashboardSchema,
  permission: 'dashboards:write',
});

export const dashboardGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ dashboardId: dashboardIdSchema }),
  response: dashboardSchema,
  permission: 'metrics:read',
});

export const dashboardList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({ ...pageRequestShape }),
  response: pageOf(dashboardSchema).describe('A page of dashboards, oldest first.'),
  permission: 'metrics:read',
});

export const dashboardUpdate = rpc({
  ...common,
  verb: 'update',
  request: z.strictObject({
    dashboardId: dashboardIdSchema,
    name: nameSchema.optional(),
    widgets: widgetsSchema
      .optional()
      .describe('All that the dashboard shows from now on: these replace the widgets it has.'),
  }),
  response: dashboardSchema,
  permission: 'dashboards:write',
});

export const dashboardDelete = rpc({
  ...common,
  verb: 'delete',
  request: z.strictObject({ dashboardId: dashboardIdSchema }),
  response: z.object({}),
  permission: 'dashboards:write',
});
