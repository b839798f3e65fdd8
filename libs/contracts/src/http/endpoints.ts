import { keySetGet } from '../auth/key-set.js';
import { sessionRefresh, sessionSignIn } from '../auth/session.js';
import { userGetCurrent, userSignUp } from '../auth/user.js';
import { invoiceGetUpcoming } from '../billing/invoice.js';
import { planList, subscriptionGet } from '../billing/plan.js';
import { usageGet } from '../billing/usage.js';
import { appCreate, appDeactivate, appGet, appList } from '../deploy/app.js';
import { deploymentLogRead } from '../deploy/deployment-log.js';
import {
  deploymentCancel,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentRollback,
} from '../deploy/deployment.js';
import { projectCreate, projectGet, projectList } from '../deploy/project.js';
import { activityList } from '../monitor/activity.js';
import { metricQuery } from '../monitor/metric.js';
import type { RpcContract } from '../rpc.js';
import type { Endpoint, HttpMethod } from './endpoint.js';

type Rest = Pick<Endpoint, 'transfer' | 'limit'>;

function route(
  tag: string,
  security: Endpoint['security'],
  [method, path]: readonly [HttpMethod, string],
  status: Endpoint['status'],
  rpc: RpcContract,
  summary: string,
  rest: Rest = {},
): Endpoint {
  const verb = rpc.verb.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const entity = rpc.entity.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { operationId: `${verb}${entity}`, method, path, tag, summary, security, status, rpc, ...rest };
}

const strict = { limit: 'strict' } as const;

export const endpoints: readonly Endpoint[] = [
  route(
    'Accounts',
    'public',
    ['POST', '/v1/auth/sign-up'],
    201,
    userSignUp,
    'Create a user and an organization',
    strict,
  ),
  route('Accounts', 'public', ['POST', '/v1/auth/sign-in'], 200, sessionSignIn, 'Start a session', strict),
  route(
    'Accounts',
    'public',
    ['POST', '/v1/auth/refresh'],
    200,
    sessionRefresh,
    'Exchange a refresh token',
    strict,
  ),
  route('Accounts', 'bearer', ['GET', '/v1/auth/me'], 200, userGetCurrent, 'Who the access token speaks for'),
  route(
    'Accounts',
    'public',
    ['GET', '/.well-known/jwks.json'],
    200,
    keySetGet,
    'Public keys of access tokens',
  ),

  route('Projects', 'bearer', ['POST', '/v1/projects'], 201, projectCreate, 'Create a project'),
  route('Projects', 'bearer', ['GET', '/v1/projects'], 200, projectList, 'List projects'),
  route('Projects', 'bearer', ['GET', '/v1/projects/{projectId}'], 200, projectGet, 'Get a project'),

  route('Apps', 'bearer', ['POST', '/v1/projects/{projectId}/apps'], 201, appCreate, 'Create an app'),
  route(
    'Apps',
    'bearer',
    ['GET', '/v1/projects/{projectId}/apps'],
    200,
    appList,
    'List the apps of a project',
  ),
  route('Apps', 'bearer', ['GET', '/v1/apps/{appId}'], 200, appGet, 'Get an app'),
  route(
    'Apps',
    'bearer',
    ['POST', '/v1/apps/{appId}/deactivate'],
    200,
    appDeactivate,
    'Take an app out of service',
  ),
  route('Apps', 'bearer', ['GET', '/v1/apps/{appId}/metrics'], 200, metricQuery, 'CPU and memory of an app'),

  route(
    'Deployments',
    'bearer',
    ['POST', '/v1/apps/{appId}/deployments'],
    202,
    deploymentCreate,
    'Deploy an app',
    {
      transfer: 'archive',
    },
  ),
  route(
    'Deployments',
    'bearer',
    ['GET', '/v1/apps/{appId}/deployments'],
    200,
    deploymentList,
    'List deployments',
  ),
  route(
    'Deployments',
    'bearer',
    ['GET', '/v1/deployments/{deploymentId}'],
    200,
    deploymentGet,
    'Get a deployment',
  ),
  route(
    'Deployments',
    'bearer',
    ['POST', '/v1/deployments/{deploymentId}/cancel'],
    202,
    deploymentCancel,
    'Cancel a deployment that has not gone live',
  ),
  route(
    'Deployments',
    'bearer',
    ['POST', '/v1/deployments/{deploymentId}/rollback'],
    202,
    deploymentRollback,
    'Deploy the artifact of an earlier deployment again',
  ),
  route(
    'Deployments',
    'bearer',
    ['GET', '/v1/deployments/{deploymentId}/logs'],
    200,
    deploymentLogRead,
    'Follow the log of a deployment',
    { transfer: 'log-stream' },
  ),

  route('Activity', 'bearer', ['GET', '/v1/activities'], 200, activityList, 'What happened, newest first'),

  route('Billing', 'public', ['GET', '/v1/billing/plans'], 200, planList, 'List the plans and their prices'),
  route('Billing', 'bearer', ['GET', '/v1/billing/subscription'], 200, subscriptionGet, 'The plan in force'),
  route(
    'Billing',
    'bearer',
    ['GET', '/v1/billing/usage'],
    200,
    usageGet,
    'Metered usage of the running period',
  ),
  route(
    'Billing',
    'bearer',
    ['GET', '/v1/billing/invoices/upcoming'],
    200,
    invoiceGetUpcoming,
    'Preview the invoice of the running period',
  ),
];
