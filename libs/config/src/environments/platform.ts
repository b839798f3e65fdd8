import { choice, optionalText, port, text } from '../variable.js';
import {
  databaseBackupVariables,
  databaseOwnerVariables,
  databaseVariables,
  natsUrlVariable,
  redisVariables,
} from './shared.js';

/** What the migration runner of one service needs: the database and its owner. */
function migrationVariables(service: string, defaultPort: number) {
  return {
    database: databaseVariables(service, defaultPort),
    owner: databaseOwnerVariables(service, defaultPort),
  };
}

export const migrationEnvironments = {
  auth: { name: 'the migrations of auth', variables: migrationVariables('AUTH', 7110) },
  billing: { name: 'the migrations of billing', variables: migrationVariables('BILLING', 7113) },
  deploy: { name: 'the migrations of deploy', variables: migrationVariables('DEPLOY', 7111) },
  monitor: { name: 'the migrations of monitor', variables: migrationVariables('MONITOR', 7112) },
};

/** What a backup of one service needs: the database and the role that may read all of it. */
function backupVariables(service: string, defaultPort: number) {
  return { backup: databaseBackupVariables(service, defaultPort) };
}

export const backupEnvironments = {
  auth: { name: 'the backups of auth', variables: backupVariables('AUTH', 7110) },
  billing: { name: 'the backups of billing', variables: backupVariables('BILLING', 7113) },
  deploy: { name: 'the backups of deploy', variables: backupVariables('DEPLOY', 7111) },
  monitor: { name: 'the backups of monitor', variables: backupVariables('MONITOR', 7112) },
};

/** What the supervisor reads beside the environments of the processes it starts. */
export const platformEnvironment = {
  name: 'the supervisor',
  variables: {
    stage: choice(
      'NODE_ENV',
      '`production` wherever real users depend on it: databases cannot be reset, and demo data is only written with --force',
      ['development', 'test', 'production'],
      'development',
    ),
    home: optionalText(
      'CAPSULE_HOME',
      'Folder of data, sockets, keys and logs; .capsule in the checkout without it',
    ),
    natsUrl: natsUrlVariable,
    redis: redisVariables(),
    edge: {
      port: port('APPS_EDGE_PORT', 'Port of the edge that serves apps', 7180),
      appsDomain: text('APPS_DOMAIN', 'Domain whose labels are the hosts of apps', 'localhost'),
    },
  },
};
