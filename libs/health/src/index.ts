export { HealthModule } from './health.module.js';
export { observeRequests } from './http-hooks.js';
export type { Indicator } from './indicator.js';
export { guardOperatorRoutes } from './operator-routes.js';
export { type Command, runCommand } from './run-command.js';
export { runService, type ServiceOptions, type ServiceSettings } from './run-service.js';
export { type Phase, ShutdownState } from './shutdown-state.js';
