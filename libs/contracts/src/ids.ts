import { idSchema } from './primitives.js';

/** What the public API identifies, told once: the same words stand wherever the same id does. */
export const userIdSchema = idSchema.describe('Id of the user. `GET /v1/auth/me` answers your own.');
export const organizationIdSchema = idSchema.describe(
  'Id of the organization. `GET /v1/auth/me` answers that of your session.',
);
export const projectIdSchema = idSchema.describe('Id of the project. `GET /v1/projects` lists them.');
export const appIdSchema = idSchema.describe(
  'Id of the app. `GET /v1/projects/{projectId}/apps` lists those of a project.',
);
export const deploymentIdSchema = idSchema.describe(
  'Id of the deployment. `GET /v1/apps/{appId}/deployments` lists those of an app.',
);
export const dashboardIdSchema = idSchema.describe('Id of the dashboard. `GET /v1/dashboards` lists them.');
export const workSessionIdSchema = idSchema.describe(
  'Id of the work session. `GET /v1/work-sessions` lists them.',
);
