import { integer } from '../variable.js';
import {
  databaseVariables,
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  outboxVariables,
  paginationVariables,
  tokenVariables,
  traceVariables,
} from './shared.js';

export const monitorEnvironment = {
  name: 'monitor',
  variables: {
    http: httpVariables('MONITOR_SERVICE', 'health and metrics of monitor', 7102),
    database: databaseVariables('MONITOR', 7112),
    nats: natsVariables('MONITOR'),
    token: tokenVariables(),
    usageWindowSeconds: integer(
      'MONITOR_SERVICE_USAGE_WINDOW_SECONDS',
      'Seconds of usage in one record for billing',
      {
        min: 5,
        max: 86_400,
        default: 60,
      },
    ),
    pagination: paginationVariables,
    operations: operationsVariables,
    outbox: outboxVariables,
    log: logVariables,
    traces: traceVariables,
  },
};
