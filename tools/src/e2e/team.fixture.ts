import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { appCreate, deploymentCreate, projectCreate, ResponseOf, userSignUp } from '@capsule/contracts';
import { Api } from '../api/api.js';

export type Deployment = ResponseOf<typeof deploymentCreate>;
type SignedUp = ResponseOf<typeof userSignUp>;
type Project = ResponseOf<typeof projectCreate>;
type App = ResponseOf<typeof appCreate>;

/** An organization with an app, and the API as its owner. */
export interface Team {
  api: Api;
  signedUp: SignedUp;
  project: Project;
  app: App;
}

/** Signs an organization up and makes a project and an app in it. */
export async function signUpTeam(gatewayUrl: string, organizationName: string): Promise<Team> {
  const anonymous = new Api(gatewayUrl);
  const signedUp = await anonymous.post<SignedUp>('/v1/auth/sign-up', {
    email: `${organizationName}@example.com`,
    password: 'a long enough password',
    name: 'Ada',
    organizationName,
  });
  const api = anonymous.as(signedUp.accessToken);
  const project = await api.post<Project>('/v1/projects', { name: 'Shop' });
  const app = await api.post<App>(`/v1/projects/${project.id}/apps`, {
    name: 'hello',
    healthPath: '/health',
  });
  return { api, signedUp, project, app };
}

/** The deployment once it is live or has failed. */
export async function ended(api: Api, id: string): Promise<Deployment> {
  for (;;) {
    const deployment = await api.get<Deployment>(`/v1/deployments/${id}`);
    if (!['created', 'queued', 'build_in_progress', 'update_in_progress'].includes(deployment.state))
      return deployment;
    await sleep(100);
  }
}

/** Reads until the value is there; the test's own time-out ends it. */
export async function until<T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isThere(value)) return value;
    await sleep(250);
  }
}

const LOG_READ_MS = 1_500;

/** What the log stream of a deployment brings in a moment; it would stay open as long as the deployment is live. */
export async function readLog(
  gatewayUrl: string,
  team: Team,
  deploymentId: string,
  headers: Record<string, string>,
): Promise<{ contentType: string | null; text: string }> {
  const response = await fetch(`${gatewayUrl}/v1/deployments/${deploymentId}/logs`, {
    headers: { authorization: `Bearer ${team.signedUp.accessToken}`, ...headers },
    signal: AbortSignal.timeout(LOG_READ_MS),
  });
  let text = '';
  const decoder = new TextDecoder();
  const write = (chunk: Uint8Array): void => void (text += decoder.decode(chunk));
  await response.body?.pipeTo(new WritableStream({ write })).catch(() => undefined);
  return { contentType: response.headers.get('content-type'), text };
}

/** Node does not resolve names under localhost, so loopback is dialled with the app's host name. */
export function visit(url: string): Promise<{ status: number; body: string }> {
  const { port, host, pathname } = new URL(url);
  return new Promise((done, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path: pathname, headers: { host }, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => done({ status: response.statusCode ?? 0, body }));
      },
    );
    call.on('error', reject);
    call.end();
  });
}
