import { integer, port, text } from '../variable.js';
import { databaseOwnerVariables, logVariables, operationsVariables } from './shared.js';

/** The process that makes the schemas of monitor's tenants: it has the owner's credentials, the service has not. */
export const provisionerEnvironment = {
  name: "the provisioner of monitor's tenants",
  variables: {
    http: {
      host: text(
        'MONITOR_PROVISIONER_HOST',
        'Address health and metrics of the provisioner listen on',
        '127.0.0.1',
      ),
      port: port('MONITOR_PROVISIONER_PORT', 'Port health and metrics of the provisioner listen on', 7104),
    },
    owner: databaseOwnerVariables('MONITOR', 7112),
    parallel: integer('MONITOR_PROVISIONER_PARALLEL', 'Schemas of tenants that are worked on at a time', {
      min: 1,
      max: 32,
      default: 4,
    }),
    operations: operationsVariables,
    log: logVariables,
  },
};
