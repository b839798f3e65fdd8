export { memberAdded, organizationCreated } from './auth/events.js';
export { keySetGet } from './auth/key-set.js';
export { sessionRefresh, sessionSignIn } from './auth/session.js';
export { userGetCurrent, userSignUp } from './auth/user.js';
export { type Entitlements, entitlementsSchema } from './billing/entitlements.js';
export { entitlementsChanged } from './billing/events.js';
export { invoiceGetUpcoming } from './billing/invoice.js';
export { planList, subscriptionGet } from './billing/plan.js';
export { type Meter, meterSchema, usageGet } from './billing/usage.js';
export { ARCHIVE_WRITE_SECONDS_MAX, archiveBegin } from './deploy/archive.js';
export { appCreate, appDeactivate, appGet, appList } from './deploy/app.js';
export { deploymentLogRead, LOG_CHUNK_BYTES_MAX, LOG_WAIT_MS_MAX } from './deploy/deployment-log.js';
export {
  deploymentCancel,
  deploymentCreate,
  type DeploymentFailureReason,
  deploymentFailureSchema,
  deploymentGet,
  deploymentList,
  deploymentRollback,
  type DeploymentState,
  deploymentStates,
} from './deploy/deployment.js';
export {
  appCreated,
  deploymentCreated,
  deploymentEnded,
  deploymentFailed,
  deploymentWentLive,
  instancesSampled,
} from './deploy/events.js';
export { projectCreate, projectGet, projectList } from './deploy/project.js';
export { errorCatalogue, type ErrorCode, isErrorCode } from './errors/catalogue.js';
export { type ErrorEntry, type ErrorKind, errorKinds, httpStatus } from './errors/kind.js';
export {
  actorSchema,
  type DataOf,
  event,
  type EventContract,
  type EventEnvelope,
  eventEnvelopeSchema,
  type EventKind,
  streamName,
} from './event.js';
export { type Endpoint, honoursIdempotencyKey, type HttpMethod, pathParameters } from './http/endpoint.js';
export { endpoints, readingEndpoint } from './http/endpoints.js';
export { type ApiSchema, apiSchemas } from './http/schemas.js';
export { activityList } from './monitor/activity.js';
export {
  dashboardCreate,
  dashboardDelete,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
  type Widget,
} from './monitor/dashboard.js';
export { usageRecorded } from './monitor/events.js';
export { METRIC_POINTS_MAX, metricQuery } from './monitor/metric.js';
export { toolMetricCreate, toolMetricList } from './monitor/tool-metric.js';
export { workClients, workSessionCreate, workSessionEnd, workSessionList } from './monitor/work-session.js';
export { type NatsPermissions, natsPermissions } from './nats-permissions.js';
export { isRole, type Permission, permissions, type Role, rolePermissions, roles } from './permission.js';
export { type Currency, currencySchema, idSchema, instantSchema } from './primitives.js';
export { type Problem, problemSchema } from './problem.js';
export { requests } from './requests.js';
export { type RequestInputOf, type RequestOf, type ResponseOf, rpc, type RpcContract } from './rpc.js';
export { type SeedApp, type SeedOrganization, type SeedPlan, seedPlanSchema } from './seed.js';
export { type AppName, appNames, type ServiceName, serviceNames } from './service.js';
export { type Durable, durableName, durables, events, type Stream, streams } from './streams.js';
