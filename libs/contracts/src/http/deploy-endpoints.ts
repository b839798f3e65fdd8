import { appCreate, appDeactivate, appGet, appList } from '../deploy/app.js';
import { deploymentLogRead } from '../deploy/deployment-log.js';
import {
  deploymentCancel,
  deploymentCreate,
  deploymentGet,
  deploymentList,
  deploymentRollback,
  gitSourceSchema,
} from '../deploy/deployment.js';
import { projectCreate, projectGet, projectList } from '../deploy/project.js';
import { endpoint } from './endpoint.js';

const projects = { tag: 'Projects', security: 'bearer' } as const;
const apps = { tag: 'Apps', security: 'bearer' } as const;
const deployments = { tag: 'Deployments', security: 'bearer' } as const;

export const deployEndpoints = [
  endpoint('POST /v1/projects', {
    ...projects,
    summary: 'Create a project',
    status: 201,
    rpc: projectCreate,
    example: { name: 'Website' },
    errors: ['deploy.project.name_taken', 'deploy.quota.exceeded', 'deploy.organization.not_ready'],
  }),
  endpoint('GET /v1/projects', {
    ...projects,
    summary: 'List projects',
    description: 'Oldest first.',
    status: 200,
    rpc: projectList,
    errors: ['platform.cursor.invalid'],
  }),
  endpoint('GET /v1/projects/{projectId}', {
    ...projects,
    summary: 'Get a project',
    status: 200,
    rpc: projectGet,
    errors: ['deploy.project.not_found'],
  }),

  endpoint('POST /v1/projects/{projectId}/apps', {
    ...apps,
    summary: 'Create an app',
    status: 201,
    rpc: appCreate,
    example: { name: 'hello', healthPath: '/', command: ['node', 'server.js'] },
    errors: [
      'deploy.project.not_found',
      'deploy.app.name_taken',
      'deploy.quota.exceeded',
      'deploy.organization.not_ready',
    ],
  }),
  endpoint('GET /v1/projects/{projectId}/apps', {
    ...apps,
    summary: 'List the apps of a project',
    description: 'Oldest first.',
    status: 200,
    rpc: appList,
    errors: ['deploy.project.not_found', 'platform.cursor.invalid'],
  }),
  endpoint('GET /v1/apps/{appId}', {
    ...apps,
    summary: 'Get an app',
    status: 200,
    rpc: appGet,
    errors: ['deploy.app.not_found'],
  }),
  endpoint('POST /v1/apps/{appId}/deactivate', {
    ...apps,
    summary: 'Take an app out of service',
    description:
      'Its host answers 404, nothing of it runs or is metered, and deployments on their way are canceled. With nothing live or on its way it changes nothing. Deploy or roll back to bring the app back.',
    status: 200,
    rpc: appDeactivate,
    errors: ['deploy.app.not_found', 'deploy.deployment.not_cancelable'],
  }),

  endpoint('POST /v1/apps/{appId}/deployments', {
    ...deployments,
    summary: 'Deploy an app',
    description:
      'Answers as soon as the deployment is recorded; read it, or follow its log, to see what becomes of it. The deployment before stays in service until this one is healthy.',
    status: 202,
    transfer: 'archive',
    rpc: deploymentCreate,
    // An archive comes as the body itself; naming one that lies in storage is for the gateway alone.
    request: deploymentCreate.request.extend({
      source: gitSourceSchema.describe('Where the files of the app come from.'),
    }),
    example: { source: { type: 'git', url: 'https://git.example.com/acme/hello.git', ref: 'main' } },
    errors: [
      'deploy.app.not_found',
      'deploy.archive.not_found',
      'deploy.archive.empty',
      'deploy.archive.too_large',
      'deploy.source.git_url_refused',
      'deploy.quota.exceeded',
      'deploy.organization.not_ready',
    ],
  }),
  endpoint('GET /v1/apps/{appId}/deployments', {
    ...deployments,
    summary: 'List deployments',
    description: 'Newest first.',
    status: 200,
    rpc: deploymentList,
    errors: ['deploy.app.not_found', 'platform.cursor.invalid'],
  }),
  endpoint('GET /v1/deployments/{deploymentId}', {
    ...deployments,
    summary: 'Get a deployment',
    status: 200,
    rpc: deploymentGet,
    errors: ['deploy.deployment.not_found'],
  }),
  endpoint('POST /v1/deployments/{deploymentId}/cancel', {
    ...deployments,
    summary: 'Cancel a deployment that has not gone live',
    description: 'It is `canceled` once nothing of it runs any more. Repeating the request changes nothing.',
    status: 202,
    rpc: deploymentCancel,
    errors: ['deploy.deployment.not_found', 'deploy.deployment.not_cancelable'],
  }),
  endpoint('POST /v1/deployments/{deploymentId}/rollback', {
    ...deployments,
    summary: 'Deploy the artifact of an earlier deployment again',
    description:
      'Makes a new deployment from what was built for an earlier one that was live; nothing is fetched or built.',
    status: 202,
    rpc: deploymentRollback,
    errors: [
      'deploy.deployment.not_found',
      'deploy.deployment.not_restorable',
      'deploy.quota.exceeded',
      'deploy.organization.not_ready',
    ],
  }),
  endpoint('GET /v1/deployments/{deploymentId}/logs', {
    ...deployments,
    summary: 'Follow the log of a deployment',
    description:
      'What its build and its instances wrote, from `offset` on and then as it is written. The stream ends with the access token; come back with a new one and the id of the last event.',
    status: 200,
    transfer: 'log-stream',
    rpc: deploymentLogRead,
    // How long a read waits is between the gateway and the service.
    request: deploymentLogRead.request.omit({ waitMs: true }),
    errors: ['deploy.deployment.not_found'],
  }),
];
