import { activityList } from '../monitor/activity.js';
import {
  dashboardCreate,
  dashboardDelete,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
} from '../monitor/dashboard.js';
import { metricQuery } from '../monitor/metric.js';
import { toolMetricCreate, toolMetricList } from '../monitor/tool-metric.js';
import { workSessionCreate, workSessionEnd, workSessionList } from '../monitor/work-session.js';
import { endpoint } from './endpoint.js';

const dashboards = { tag: 'Dashboards', security: 'bearer' } as const;
const work = { tag: 'Work', security: 'bearer' } as const;
/** What lies in the organization's own tables, which are made a moment after it. */
const ownTables = ['monitor.organization.not_ready', 'monitor.organization.inactive'] as const;

export const monitorEndpoints = [
  endpoint('GET /v1/apps/{appId}/metrics', {
    tag: 'Apps',
    summary: 'CPU and memory of an app',
    description: 'The last hour in steps of 30 seconds unless asked otherwise.',
    security: 'bearer',
    status: 200,
    rpc: metricQuery,
    errors: ['monitor.app.not_found', 'monitor.range.invalid'],
  }),
  endpoint('GET /v1/activities', {
    tag: 'Activity',
    summary: 'What happened, newest first',
    description: 'What happened to the apps and deployments of the organization.',
    security: 'bearer',
    status: 200,
    rpc: activityList,
    errors: ['platform.cursor.invalid'],
  }),

  endpoint('POST /v1/dashboards', {
    ...dashboards,
    summary: 'Create a dashboard',
    status: 201,
    rpc: dashboardCreate,
    example: {
      name: 'Production',
      widgets: [{ kind: 'cpu', title: 'CPU', place: { column: 0, row: 0, width: 6, height: 4 } }],
    },
    errors: [...ownTables, 'monitor.dashboard.name_taken', 'monitor.app.not_found'],
  }),
  endpoint('GET /v1/dashboards', {
    ...dashboards,
    summary: 'List dashboards',
    description: 'Oldest first.',
    status: 200,
    rpc: dashboardList,
    errors: [...ownTables, 'platform.cursor.invalid'],
  }),
  endpoint('GET /v1/dashboards/{dashboardId}', {
    ...dashboards,
    summary: 'Get a dashboard',
    status: 200,
    rpc: dashboardGet,
    errors: [...ownTables, 'monitor.dashboard.not_found'],
  }),
  endpoint('PATCH /v1/dashboards/{dashboardId}', {
    ...dashboards,
    summary: 'Change a dashboard',
    description: 'Changes what is given and leaves the rest; widgets are replaced as a whole.',
    status: 200,
    rpc: dashboardUpdate,
    example: { name: 'Production and staging' },
    errors: [
      ...ownTables,
      'monitor.dashboard.not_found',
      'monitor.dashboard.name_taken',
      'monitor.app.not_found',
    ],
  }),
  endpoint('DELETE /v1/dashboards/{dashboardId}', {
    ...dashboards,
    summary: 'Delete a dashboard',
    status: 204,
    rpc: dashboardDelete,
    errors: [...ownTables, 'monitor.dashboard.not_found'],
  }),

  endpoint('POST /v1/work-sessions', {
    ...work,
    summary: 'Begin a work session, or record one that has ended',
    description: 'The session belongs to the caller.',
    status: 201,
    rpc: workSessionCreate,
    example: { client: 'cli' },
    errors: ownTables,
  }),
  endpoint('POST /v1/work-sessions/{workSessionId}/end', {
    ...work,
    summary: 'End a work session',
    description: 'Only the user of a session can end it. One that has ended keeps the end it has.',
    status: 200,
    rpc: workSessionEnd,
    errors: [...ownTables, 'monitor.work_session.not_found'],
  }),
  endpoint('GET /v1/work-sessions', {
    ...work,
    summary: 'List work sessions, newest first',
    description: 'Those of every member, or of one.',
    status: 200,
    rpc: workSessionList,
    errors: [...ownTables, 'monitor.user.not_found', 'platform.cursor.invalid'],
  }),
  endpoint('POST /v1/tool-metrics', {
    ...work,
    summary: 'Record the use of a tool',
    description: 'The work session must be one of the caller.',
    status: 201,
    rpc: toolMetricCreate,
    example: {
      workSessionId: '0192f0c2-b1d2-7e3f-8a4b-5c6d7e8f9a08',
      tool: 'capsule.deploy',
      durationMs: 5_300,
      succeeded: true,
    },
    errors: [...ownTables, 'monitor.work_session.not_found'],
  }),
  endpoint('GET /v1/tool-metrics', {
    ...work,
    summary: 'List uses of tools, newest first',
    description: 'Of every tool and session, or of one.',
    status: 200,
    rpc: toolMetricList,
    errors: [...ownTables, 'monitor.work_session.not_found', 'platform.cursor.invalid'],
  }),
];
