import type {
  databaseOwnerVariables,
  databaseVariables,
  httpVariables,
  logVariables,
  natsVariables,
  operationsVariables,
  outboxVariables,
  paginationVariables,
  redisVariables,
  traceVariables,
} from './environments/shared.js';
import type { SettingsOf } from './variable.js';

/** The groups that platform libs take, named so that a lib need not know which app loaded them. */
export type DatabaseSettings = SettingsOf<ReturnType<typeof databaseVariables>>;
export type DatabaseTlsSettings = DatabaseSettings['tls'];
export type OwnerSettings = SettingsOf<ReturnType<typeof databaseOwnerVariables>>;
export type HttpSettings = SettingsOf<ReturnType<typeof httpVariables>>;
export type NatsSettings = SettingsOf<ReturnType<typeof natsVariables>>;
export type RedisSettings = SettingsOf<ReturnType<typeof redisVariables>>;
export type LogSettings = SettingsOf<typeof logVariables>;
export type TraceSettings = SettingsOf<typeof traceVariables>;
export type OutboxSettings = SettingsOf<typeof outboxVariables>;
export type OperationsSettings = SettingsOf<typeof operationsVariables>;
export type PaginationSettings = SettingsOf<typeof paginationVariables>;
