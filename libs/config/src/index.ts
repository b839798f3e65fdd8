export {
  type Environment,
  EnvironmentError,
  loadEnvironment,
  pickEnvironment,
  type SettingsFrom,
} from './environment.js';
export { renderExample } from './example.js';
export { authEnvironment } from './environments/auth.js';
export { billingEnvironment } from './environments/billing.js';
export { deployEnvironment } from './environments/deploy.js';
export { gatewayEnvironment } from './environments/gateway.js';
export { monitorEnvironment } from './environments/monitor.js';
export { provisionerEnvironment } from './environments/monitor-provisioner.js';
export { backupEnvironments, migrationEnvironments, platformEnvironment } from './environments/platform.js';
export type {
  DatabaseSettings,
  DatabaseTlsSettings,
  HttpSettings,
  LogSettings,
  NatsSettings,
  OperationsSettings,
  OutboxSettings,
  OwnerSettings,
  PaginationSettings,
  RedisSettings,
  TraceSettings,
} from './settings.js';
export { shutdownDeadlines } from './shutdown-deadlines.js';
export {
  type Generated,
  listVariables,
  type SettingsOf,
  type Variable,
  type VariableGroup,
} from './variable.js';
