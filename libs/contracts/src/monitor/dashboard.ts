import { z } from 'zod';
import { pageOf, pageRequestShape } from '../page.js';
import { displayNameSchema, idSchema, instantSchema } from '../primitives.js';
import { rpc } from '../rpc.js';

const WIDGETS_MAX = 50;
const COLUMNS = 12;
const ROWS_MAX = 1_000;

const placeSchema = z.strictObject({
  column: z
    .int()
    .min(0)
    .max(COLUMNS - 1),
  row: z
    .int()
    .min(0)
    .max(ROWS_MAX - 1),
  width: z.int().min(1).max(COLUMNS),
  height: z.int().min(1).max(ROWS_MAX),
});

/** What a dashboard shows in one place of its grid of 12 columns. */
export const widgetSchema = z.strictObject({
  kind: z.enum(['cpu', 'memory', 'activity', 'work-sessions', 'tool-metrics']),
  title: displayNameSchema,
  /** Of which app; of all where it is null. */
  appId: idSchema.nullable().default(null),
  place: placeSchema,
});
export type Widget = z.output<typeof widgetSchema>;

const widgetsSchema = z.array(widgetSchema).max(WIDGETS_MAX);

export const dashboardSchema = z.object({
  id: idSchema,
  name: z.string(),
  widgets: z.array(widgetSchema),
  createdAt: instantSchema,
  updatedAt: instantSchema,
});

const common = { service: 'monitor', entity: 'dashboard', callers: ['gateway'], tenancy: 'tenant' } as const;

export const dashboardCreate = rpc({
  ...common,
  verb: 'create',
  request: z.strictObject({ name: displayNameSchema, widgets: widgetsSchema.default([]) }),
  response: dashboardSchema,
  permission: 'dashboards:write',
});

export const dashboardGet = rpc({
  ...common,
  verb: 'get',
  request: z.strictObject({ dashboardId: idSchema }),
  response: dashboardSchema,
  permission: 'metrics:read',
});

/** Oldest first. */
export const dashboardList = rpc({
  ...common,
  verb: 'list',
  request: z.strictObject({ ...pageRequestShape }),
  response: pageOf(dashboardSchema),
  permission: 'metrics:read',
});

/** Changes what is given and leaves the rest; widgets are replaced as a whole. */
export const dashboardUpdate = rpc({
  ...common,
  verb: 'update',
  request: z.strictObject({
    dashboardId: idSchema,
    name: displayNameSchema.optional(),
    widgets: widgetsSchema.optional(),
  }),
  response: dashboardSchema,
  permission: 'dashboards:write',
});

export const dashboardDelete = rpc({
  ...common,
  verb: 'delete',
  request: z.strictObject({ dashboardId: idSchema }),
  response: z.object({}),
  permission: 'dashboards:write',
});
