import { flag, integer, list } from '../variable.js';
import {
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  redisVariables,
  storageVariables,
  tokenVariables,
  traceVariables,
} from './shared.js';

const MEBIBYTE = 1_048_576;

export const gatewayEnvironment = {
  name: 'gateway',
  variables: {
    http: httpVariables('GATEWAY', 'the gateway', 7080),
    nats: natsVariables('GATEWAY'),
    redis: redisVariables(),
    storage: storageVariables,
    token: tokenVariables(),
    corsOrigins: list(
      'GATEWAY_CORS_ORIGINS',
      'Origins whose pages may call the API, comma-separated',
      'http://localhost:7081',
    ),
    trustProxy: flag('GATEWAY_TRUST_PROXY', 'true: believe X-Forwarded-For of the proxy in front', false),
    bodyLimitBytes: integer('GATEWAY_BODY_LIMIT_BYTES', 'Bytes of a JSON body', {
      min: 1_024,
      max: 16 * MEBIBYTE,
      default: MEBIBYTE,
    }),
    archiveLimitBytes: integer('DEPLOY_SERVICE_ARCHIVE_MAX_BYTES', 'Bytes of an uploaded archive', {
      min: 1_024,
      max: 10_737_418_240,
      default: 104_857_600,
    }),
    limits: {
      requestsPerMinute: integer('GATEWAY_LIMIT_PER_MINUTE', 'Requests a caller may send in a minute', {
        min: 1,
        max: 100_000_000,
        default: 600,
      }),
      strictPerMinute: integer(
        'GATEWAY_STRICT_LIMIT_PER_MINUTE',
        'Sign-ups, sign-ins and refreshes an address may send in a minute',
        {
          min: 1,
          max: 100_000_000,
          default: 30,
        },
      ),
    },
    operations: operationsVariables,
    log: logVariables,
    traces: traceVariables,
  },
};
