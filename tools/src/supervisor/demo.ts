import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  appCreate,
  deploymentCreate,
  projectCreate,
  ResponseOf,
  sessionSignIn,
} from '@capsule/contracts';
import { loadEnvironment } from '@capsule/config';
import { Api, ApiError } from '../api/api.js';
import { packFolder } from '../api/pack-folder.js';
import { appEnvironments } from './platform-settings.js';
import type { Reporter } from './reporter.js';
import type { RunningPlatform } from './run-platform.js';
import { rememberedPassword } from './secret-file.js';

type App = ResponseOf<typeof appCreate>;
type Deployment = ResponseOf<typeof deploymentCreate>;
type Project = ResponseOf<typeof projectCreate>;
type Tokens = ResponseOf<typeof sessionSignIn>;

const email = 'demo@example.com';
const organizationName = 'Acme';
const projectName = 'Demo';
const appName = 'hello';
const deployTimeoutMs = 120_000;
/** After a start the app of an earlier one comes back by itself; only one that stays away is deployed again. */
const comebackTimeoutMs = 10_000;
const pollMs = 200;

/**
 * Deploys examples/hello-node into a demo organization through the public API, as a newcomer would, and prints where
 * it answers. Found again on later starts. A failure is told but leaves the platform running; when the platform ends
 * meanwhile, so does this, without a word.
 * @returns whether the app answers.
 */
export async function deployDemo(
  workspace: string,
  { home, source, ended }: Omit<RunningPlatform, 'platform'>,
  reporter: Reporter,
): Promise<boolean> {
  const startedAt = performance.now();
  const { http } = loadEnvironment(
    { name: 'gateway', variables: { http: appEnvironments.gateway.variables.http } },
    source,
  );
  const gateway = new Api(`http://${http.host}:${http.port}`, undefined, ended);
  const password = rememberedPassword(join(home.secrets, 'demo-password'));
  try {
    const api = await signIn(gateway, password);
    const app = await findOrCreateApp(api);
    if (!(app.liveDeploymentId && (await comesBack(app, ended)))) {
      await deploy(api, app, join(workspace, 'examples/hello-node'), ended);
      if (!(await comesBack(app, ended))) throw new Error(`${app.url} does not answer.`);
    }
    reporter.step('demo app answers', performance.now() - startedAt, app.url);
    reporter.summary(
      [
        '',
        `  App        ${app.url}`,
        `  API        ${api.base}/v1   (readable at ${api.base}/docs)`,
        `  Sign in    ${email}  password ${password}`,
      ].join('\n'),
    );
    return true;
  } catch (error) {
    if (ended.aborted) return false;
    reporter.failure(`The platform runs, but the demo could not be deployed: ${(error as Error).message}`);
    return false;
  }
}

async function signIn(api: Api, password: string): Promise<Api> {
  try {
    return api.as((await api.post<Tokens>('/v1/auth/sign-in', { email, password })).accessToken);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return api.as((await signUp(api, password)).accessToken);
  }
}

async function signUp(api: Api, password: string): Promise<Tokens> {
  try {
    return await api.post('/v1/auth/sign-up', { email, password, name: 'Demo', organizationName });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    throw new Error(`${email} has another password in this data. npm run reset begins anew.`, {
      cause: error,
    });
  }
}

async function findOrCreateApp(api: Api): Promise<App> {
  const projects = await api.get<{ items: Project[] }>('/v1/projects');
  const project =
    projects.items.find((each) => each.name === projectName) ??
    (await api.post<Project>('/v1/projects', { name: projectName }));
  const apps = await api.get<{ items: App[] }>(`/v1/projects/${project.id}/apps`);
  return (
    apps.items.find((each) => each.name === appName) ??
    (await api.post<App>(`/v1/projects/${project.id}/apps`, { name: appName }))
  );
}

async function deploy(api: Api, app: App, folder: string, ended: AbortSignal): Promise<void> {
  const { id } = await api.postArchive<Deployment>(
    `/v1/apps/${app.id}/deployments`,
    await packFolder(folder),
  );
  const deadline = performance.now() + deployTimeoutMs;
  for (;;) {
    const deployment = await api.get<Deployment>(`/v1/deployments/${id}`);
    if (deployment.state === 'live') return;
    if (deployment.failure) throw new Error(`${deployment.failure.reason}: ${deployment.failure.detail}`);
    if (performance.now() > deadline) throw new Error(`the deployment is still ${deployment.state}.`);
    await sleep(pollMs, undefined, { signal: ended });
  }
}

async function comesBack(app: App, ended: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + comebackTimeoutMs;
  while (performance.now() < deadline) {
    if (await answers(new URL(app.healthPath, app.url), ended)) return true;
    await sleep(pollMs, undefined, { signal: ended });
  }
  return false;
}

/** Node does not resolve names under localhost as browsers and curl do, so it dials loopback and names the host. */
function answers(url: URL, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port: url.port || 80,
      path: url.pathname,
      headers: { Host: url.host },
      timeout: 2_000,
      signal,
    };
    const call = request(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(false));
    call.end();
  });
}
