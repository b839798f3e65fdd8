import { integer, privateKey, secret } from '../variable.js';
import {
  databaseVariables,
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  outboxVariables,
  tokenVariables,
  traceVariables,
} from './shared.js';

export const authEnvironment = {
  name: 'auth',
  variables: {
    http: httpVariables('AUTH_SERVICE', 'health and metrics of auth', 7100),
    database: databaseVariables('AUTH', 7110),
    nats: natsVariables('AUTH'),
    token: {
      ...tokenVariables(),
      privateKey: privateKey('JWT_PRIVATE_KEY', 'RSA key that signs access tokens (PKCS #8, PEM)'),
      accessTtlSeconds: integer('JWT_ACCESS_TTL_SECONDS', 'Seconds an access token lives', {
        min: 10,
        max: 86_400,
        default: 900,
      }),
      refreshTtlSeconds: integer('JWT_REFRESH_TTL_SECONDS', 'Seconds a refresh token lives', {
        min: 60,
        max: 31_536_000,
        default: 2_592_000,
      }),
      refreshGraceSeconds: integer(
        'JWT_REFRESH_GRACE_SECONDS',
        'Seconds in which a refresh token used again returns the same successor (parallel and repeated requests)',
        { min: 0, max: 300, default: 10 },
      ),
      refreshKey: secret('JWT_REFRESH_KEY', "Key from which each refresh token's successor is derived", {
        generated: 'key',
      }),
      sessionTtlSeconds: integer(
        'JWT_SESSION_TTL_SECONDS',
        'Seconds after which a session ends, however often it was refreshed',
        { min: 60, max: 31_536_000, default: 7_776_000 },
      ),
    },
    password: {
      pepper: secret(
        'AUTH_SERVICE_PASSWORD_PEPPER',
        'Key of the HMAC that every password passes before bcrypt',
        { generated: 'key' },
      ),
      bcryptCost: integer('AUTH_SERVICE_BCRYPT_COST', 'Cost of bcrypt (each step doubles the time)', {
        min: 4,
        max: 16,
        default: 12,
      }),
    },
    operations: operationsVariables,
    outbox: outboxVariables,
    log: logVariables,
    traces: traceVariables,
  },
};
