/** A gateway with deploy's projects behind it, and an auth that has keys and lets nobody in. */
import type { NatsSettings } from '@capsule/config';
import { keySetGet, projectCreate, projectGet, sessionRefresh, sessionSignIn } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { currentContext, type RequestContext } from '@capsule/telemetry';
import { TestIssuer } from '@capsule/testing';
import { bearer, startGateway } from '../gateway.fixture.js';
import { answering, serve } from '../service.fixture.js';

export const projectId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f03';
export const unknownId = '0192f0c1-9d55-7f21-8a64-6d0b5c7e3f99';
export const project = {
  id: projectId,
  name: 'Website',
  createdAt: '2030-01-15T09:30:00.000Z',
  updatedAt: '2030-01-15T09:30:00.000Z',
};

type Init = RequestInit & { headers?: Record<string, string> };

export interface Projects {
  url: string;
  issuer: TestIssuer;
  /** The contexts that requests reached the service with. */
  contexts: RequestContext[];
  keyFetches(): number;
  /** Sends as an owner. */
  send(path: string, init?: Init): Promise<Response>;
  post(path: string, body: RequestInit['body'], headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function startProjects(
  nats: { settings(app: 'auth' | 'deploy' | 'gateway'): NatsSettings },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Projects> {
  const issuer = await TestIssuer.create();
  const contexts: RequestContext[] = [];
  let keyFetches = 0;
  const note = (): void => void contexts.push(currentContext() as RequestContext);
  const services = await Promise.all([
    serve('auth', nats.settings('auth'), [
      answering(keySetGet, () => {
        keyFetches += 1;
        return issuer.keySet();
      }),
      answering(sessionSignIn, () => {
        note();
        throw new DomainError('auth.credentials.invalid');
      }),
      answering(sessionRefresh, () => {
        note();
        throw new DomainError('auth.refresh_token.invalid');
      }),
    ]),
    serve('deploy', nats.settings('deploy'), [
      answering(projectGet, ({ projectId: id }) => {
        note();
        if (id !== projectId) throw new DomainError('deploy.project.not_found');
        return project;
      }),
      answering(projectCreate, ({ name }) => {
        note();
        if (name === 'Crash') throw new Error('the password is secret');
        return { ...project, name };
      }),
    ]),
  ]);
  const gateway = await startGateway({ nats: nats.settings('gateway'), environment });
  const send = async (path: string, init: Init = {}): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { ...init, headers: { ...(await bearer(issuer)), ...init.headers } });
  return {
    url: gateway.url,
    issuer,
    contexts,
    keyFetches: () => keyFetches,
    send,
    post: (path, body, headers) =>
      send(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }),
    close: async () => {
      await gateway.close();
      await Promise.all(services.map((service) => service.close()));
    },
  };
}

/** Fails unless the response is the problem, whole and with its headers. */
export async function expectProblem(response: Response, status: number, code: string) {
  const problem = (await response.json()) as Record<string, unknown>;
  expect([response.status, problem['code']]).toEqual([status, code]);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toMatchObject({
    status,
    type: `/docs/errors/${code}`,
    requestId: response.headers.get('x-request-id'),
  });
  return problem;
}
