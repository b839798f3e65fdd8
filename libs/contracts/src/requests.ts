import { keySetGet } from './auth/key-set.js';
import { sessionRefresh, sessionSignIn } from './auth/session.js';
import { userGetCurrent, userSignUp } from './auth/user.js';
import { invoiceGetUpcoming } from './billing/invoice.js';
import { planList, subscriptionGet } from './billing/plan.js';
import { usageGet } from './billing/usage.js';
import { archiveBegin } from './deploy/archive.js';
import { appCreate, appDeactivate, appGet, appList } from './deploy/app.js';
import { deploymentLogRead } from './deploy/deployment-log.js';
import {
  deploymentCancel,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentRollback,
} from './deploy/deployment.js';
import { projectCreate, projectGet, projectList } from './deploy/project.js';
import { activityList } from './monitor/activity.js';
import {
  dashboardCreate,
  dashboardDelete,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
} from './monitor/dashboard.js';
import { metricQuery } from './monitor/metric.js';
import { toolMetricCreate, toolMetricList } from './monitor/tool-metric.js';
import { workSessionCreate, workSessionEnd, workSessionList } from './monitor/work-session.js';
import type { RpcContract } from './rpc.js';

/** Every request that crosses the bus; NATS permissions are derived from it. */
export const requests: readonly RpcContract[] = [
  userSignUp,
  userGetCurrent,
  sessionSignIn,
  sessionRefresh,
  keySetGet,
  planList,
  subscriptionGet,
  usageGet,
  invoiceGetUpcoming,
  projectCreate,
  projectGet,
  projectList,
  appCreate,
  appGet,
  appList,
  appDeactivate,
  archiveBegin,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentCancel,
  deploymentRollback,
  deploymentLogRead,
  metricQuery,
  activityList,
  dashboardCreate,
  dashboardGet,
  dashboardList,
  dashboardUpdate,
  dashboardDelete,
  workSessionCreate,
  workSessionEnd,
  workSessionList,
  toolMetricCreate,
  toolMetricList,
];
