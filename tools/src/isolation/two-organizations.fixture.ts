import { randomUUID } from 'node:crypto';
import { authEnvironment, loadEnvironment } from '@capsule/config';
import { type ResponseOf, type Role, type userSignUp } from '@capsule/contracts';
import { TokenSigner } from '@capsule/security';
import { Api } from '../api/api.js';
import type { PrivatePlatform } from '../supervisor/private-platform.js';
import { type Deployment, ended } from '../e2e/team.fixture.js';
import type { Operation } from './api-document.fixture.js';
import { isMaker, Organization } from './organization.fixture.js';
import type { RowDigests } from './row-digests.fixture.js';

type SignedUp = ResponseOf<typeof userSignUp>;

export interface Member {
  /** As the owner. */
  api: Api;
  organization: Organization;
  organizationId: string;
  userId: string;
  accessToken: string;
}

/** Signs an organization up and makes tokens of every role for its one user; what a token says of the role is what counts. */
export async function signUpMember(
  platform: PrivatePlatform,
  operations: readonly Operation[],
  mark: string,
): Promise<Member> {
  const signedUp = await new Api(platform.gatewayUrl).post<SignedUp>('/v1/auth/sign-up', {
    email: `${mark}@example.com`,
    password: 'a long enough password',
    name: mark,
    organizationName: mark,
  });
  const ids = { userId: signedUp.user.id, tenantId: signedUp.organization.id };
  const signer = await TokenSigner.create(loadEnvironment(authEnvironment, platform.source).token);
  const tokenOf = async (role: Role) => (await signer.sign({ ...ids, role, sessionId: randomUUID() })).token;
  const organization = new Organization(platform.gatewayUrl, operations, mark, tokenOf);
  const signUp = operations.find(({ path }) => path === '/v1/auth/sign-up');
  organization.ids.learn(signedUp, signUp?.answer);
  const { accessToken } = signedUp;
  const api = new Api(platform.gatewayUrl).as(accessToken);
  return { api, organization, organizationId: ids.tenantId, userId: ids.userId, accessToken };
}

/** Makes two of everything that a route makes, then takes in what the lists tell of what came by itself. */
export async function furnish({ organization }: Member, operations: readonly Operation[]): Promise<void> {
  for (const maker of operations.filter(isMaker)) {
    for (let made = 0; made < 2; made += 1) await organization.succeed(maker, 'owner');
  }
  const lists = operations.filter(({ method, isPublic }) => method === 'GET' && !isPublic);
  for (const list of lists) await organization.succeed(list, 'owner');
}

/** What no schema can tell how to make: a deployment that went live, which can be rolled back to. */
export async function deployLive({ organization, api }: Member, archive: Buffer): Promise<string> {
  const project = await api.post<{ id: string }>('/v1/projects', { name: 'live' });
  const app = await api.post<{ id: string }>(`/v1/projects/${project.id}/apps`, {
    name: 'live',
    healthPath: '/health',
  });
  const { id } = await api.postArchive<Deployment>(`/v1/apps/${app.id}/deployments`, archive);
  const deployment = await ended(api, id);
  if (deployment.state !== 'live') throw new Error(`The prepared deployment is ${deployment.state}.`);
  organization.ids.learn(deployment, { component: 'Deployment' });
  return id;
}

/**
 * Waits for the end of what the organization's own requests began, so that its rows change only by somebody else's, and
 * until what it runs was measured.
 */
export async function settle({ organization, api }: Member, digests: RowDigests): Promise<void> {
  for (const id of organization.ids.of('deploymentId')) await ended(api, id);
  do await digests.settled();
  while (!Object.keys(await digests.read()).some((name) => name.includes('.samples')));
}
