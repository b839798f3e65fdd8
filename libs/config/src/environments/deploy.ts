import { choice, integer, port, text } from '../variable.js';
import {
  databaseVariables,
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  outboxVariables,
  paginationVariables,
  storageVariables,
  tokenVariables,
  traceVariables,
} from './shared.js';

export const deployEnvironment = {
  name: 'deploy',
  variables: {
    http: httpVariables('DEPLOY_SERVICE', 'health and metrics of deploy', 7101),
    database: databaseVariables('DEPLOY', 7111),
    nats: natsVariables('DEPLOY'),
    token: tokenVariables(),
    storage: storageVariables,
    edge: {
      appsDomain: text('APPS_DOMAIN', 'Domain whose labels are the hosts of apps', 'localhost'),
      port: port('APPS_EDGE_PORT', 'Port of the edge that serves apps', 7180),
      adminSocket: text(
        'APPS_EDGE_ADMIN_SOCKET',
        "Unix socket of the edge's admin API",
        '.capsule/caddy/admin.sock',
      ),
    },
    engine: {
      folder: text(
        'DEPLOY_SERVICE_ENGINE_FOLDER',
        'Folder of the instances that the embedded engine runs',
        '.capsule/instances',
      ),
      portMin: port(
        'DEPLOY_SERVICE_INSTANCE_PORT_MIN',
        'First port given to an instance; an app that listens on one of them that is not its own is ended',
        20_000,
      ),
      portMax: port('DEPLOY_SERVICE_INSTANCE_PORT_MAX', 'Last port given to an instance', 20_999),
    },
    git: {
      privateHosts: choice(
        'DEPLOY_SERVICE_GIT_PRIVATE_HOSTS',
        'Whether sources may be fetched from private and loopback addresses',
        ['refuse', 'allow'],
        'refuse',
      ),
    },
    limits: {
      archiveBytes: integer('DEPLOY_SERVICE_ARCHIVE_MAX_BYTES', 'Bytes of an uploaded archive', {
        min: 1_024,
        max: 10_737_418_240,
        default: 104_857_600,
      }),
      unpackedBytes: integer('DEPLOY_SERVICE_UNPACKED_MAX_BYTES', 'Bytes of an archive once unpacked', {
        min: 1_024,
        max: 107_374_182_400,
        default: 524_288_000,
      }),
      buildSeconds: integer('DEPLOY_SERVICE_BUILD_TIMEOUT_SECONDS', 'Seconds a build may take', {
        min: 1,
        max: 7_200,
        default: 600,
      }),
      healthSeconds: integer(
        'DEPLOY_SERVICE_HEALTH_TIMEOUT_SECONDS',
        'Seconds a new instance has to become healthy',
        {
          min: 1,
          max: 3_600,
          default: 60,
        },
      ),
      drainSeconds: integer(
        'DEPLOY_SERVICE_DRAIN_SECONDS',
        'Seconds an old instance has to finish its requests',
        {
          min: 0,
          max: 3_600,
          default: 10,
        },
      ),
      logBytes: integer('DEPLOY_SERVICE_LOG_MAX_BYTES', 'Bytes of log kept for a deployment', {
        min: 65_536,
        max: 1_073_741_824,
        default: 8_388_608,
      }),
    },
    sampleIntervalSeconds: integer(
      'DEPLOY_SERVICE_SAMPLE_INTERVAL_SECONDS',
      'Seconds between two samples of an instance',
      {
        min: 1,
        max: 300,
        default: 10,
      },
    ),
    pagination: paginationVariables,
    operations: operationsVariables,
    outbox: outboxVariables,
    log: logVariables,
    traces: traceVariables,
  },
};
