import { activityList } from '../monitor/activity.js';
import { metricQuery } from '../monitor/metric.js';
import { endpoint } from './endpoint.js';

export const monitorEndpoints = [
  endpoint('GET /v1/apps/{appId}/metrics', {
    tag: 'Apps',
    summary: 'CPU and memory of an app',
    security: 'bearer',
    status: 200,
    rpc: metricQuery,
    errors: ['monitor.app.not_found', 'monitor.range.invalid'],
  }),
  endpoint('GET /v1/activities', {
    tag: 'Activity',
    summary: 'What happened, newest first',
    security: 'bearer',
    status: 200,
    rpc: activityList,
    errors: ['platform.cursor.invalid'],
  }),
];
