import type { z } from 'zod';
import { keySetGet } from '../auth/key-set.js';
import { sessionTokensSchema } from '../auth/session.js';
import { organizationSchema, userGetCurrent, userSchema, userSignUp } from '../auth/user.js';
import { entitlementsSchema } from '../billing/entitlements.js';
import { upcomingInvoiceSchema } from '../billing/invoice.js';
import { planList, planSchema, subscriptionGet } from '../billing/plan.js';
import { usageGet } from '../billing/usage.js';
import { appList, appSchema } from '../deploy/app.js';
import { deploymentList, deploymentSchema } from '../deploy/deployment.js';
import { deploymentLogRead } from '../deploy/deployment-log.js';
import { projectList, projectSchema } from '../deploy/project.js';
import { activityList } from '../monitor/activity.js';
import { dashboardList, dashboardSchema } from '../monitor/dashboard.js';
import { metricQuery } from '../monitor/metric.js';
import { toolMetricList, toolMetricSchema } from '../monitor/tool-metric.js';
import { workSessionList, workSessionSchema } from '../monitor/work-session.js';
import { problemSchema } from '../problem.js';
import * as example from './examples.js';

/** A shape of the public API under the name it has in the OpenAPI document and in generated clients. */
export interface ApiSchema {
  name: string;
  schema: z.ZodType;
  example: unknown;
}

export const apiSchemas: readonly ApiSchema[] = [
  { name: 'Problem', schema: problemSchema, example: example.problem },
  { name: 'User', schema: userSchema, example: example.user },
  { name: 'Organization', schema: organizationSchema, example: example.organization },
  { name: 'SessionTokens', schema: sessionTokensSchema, example: example.tokens },
  { name: 'SignedUp', schema: userSignUp.response, example: example.signedUp },
  { name: 'CurrentUser', schema: userGetCurrent.response, example: example.currentUser },
  { name: 'KeySet', schema: keySetGet.response, example: example.keySet },
  { name: 'Project', schema: projectSchema, example: example.project },
  { name: 'ProjectPage', schema: projectList.response, example: page(example.project) },
  { name: 'App', schema: appSchema, example: example.app },
  { name: 'AppPage', schema: appList.response, example: page(example.app) },
  { name: 'Deployment', schema: deploymentSchema, example: example.deployment },
  { name: 'DeploymentPage', schema: deploymentList.response, example: page(example.deployment) },
  { name: 'LogChunk', schema: deploymentLogRead.response, example: example.logChunk },
  { name: 'Metrics', schema: metricQuery.response, example: example.metrics },
  { name: 'ActivityPage', schema: activityList.response, example: page(example.activity) },
  { name: 'Dashboard', schema: dashboardSchema, example: example.dashboard },
  { name: 'DashboardPage', schema: dashboardList.response, example: page(example.dashboard) },
  { name: 'WorkSession', schema: workSessionSchema, example: example.workSession },
  { name: 'WorkSessionPage', schema: workSessionList.response, example: page(example.workSession) },
  { name: 'ToolMetric', schema: toolMetricSchema, example: example.toolMetric },
  { name: 'ToolMetricPage', schema: toolMetricList.response, example: page(example.toolMetric) },
  { name: 'Entitlements', schema: entitlementsSchema, example: example.entitlements },
  { name: 'Plan', schema: planSchema, example: example.plan },
  { name: 'PlanPage', schema: planList.response, example: page(example.plan) },
  { name: 'Subscription', schema: subscriptionGet.response, example: example.subscription },
  { name: 'Usage', schema: usageGet.response, example: example.usage },
  { name: 'UpcomingInvoice', schema: upcomingInvoiceSchema, example: example.upcomingInvoice },
];

function page(item: unknown) {
  return { items: [item], nextCursor: null };
}
