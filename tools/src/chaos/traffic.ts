import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { appCreate, projectCreate, ResponseOf, sessionSignIn, userGetCurrent } from '@capsule/contracts';
import { type Api, ApiError } from '../api/api.js';

/** Ids that the platform has answered for: they must be there in the end, and once. */
export interface Acknowledged {
  organizations: string[];
  projects: string[];
  apps: string[];
  /** Why an organization was given up on. After the first no further one is begun. */
  unanswered: string[];
}

const CONCURRENCY = 12;
const RETRY_MS = 150;
const GIVE_UP_MS = 180_000;

/** Signs organizations up and makes a project and an app in each, trying again until each step is answered. */
export function makeTraffic(
  api: Api,
  count: number,
): { progress: () => number; done: Promise<Acknowledged> } {
  const acknowledged: Acknowledged = { organizations: [], projects: [], apps: [], unanswered: [] };
  let next = 0;
  const worker = async () => {
    while (next < count && acknowledged.unanswered.length === 0) {
      next += 1;
      await oneOrganization(api, next, acknowledged).catch((error: unknown) => {
        acknowledged.unanswered.push(String(error));
      });
    }
  };
  const done = Promise.all(Array.from({ length: CONCURRENCY }, worker)).then(() => acknowledged);
  return { progress: () => acknowledged.apps.length / count, done };
}

async function oneOrganization(api: Api, index: number, acknowledged: Acknowledged): Promise<void> {
  const credentials = { email: `chaos-${index}@example.com`, password: 'a long enough password' };
  const account = { ...credentials, name: 'Chaos', organizationName: `Chaos ${index}` };
  const own = api.as(await untilAnswered(() => signUpOrIn(api, account, credentials)));
  const me = await untilAnswered(() => own.get<ResponseOf<typeof userGetCurrent>>('/v1/auth/me'));
  acknowledged.organizations.push(me.organization.id);

  // A repeated request must not make a second one: the key is the same for every try.
  const projectKey = randomUUID();
  const project = await untilAnswered(() =>
    own.post<ResponseOf<typeof projectCreate>>('/v1/projects', { name: 'Chaos' }, projectKey),
  );
  acknowledged.projects.push(project.id);
  const appKey = randomUUID();
  const app = await untilAnswered(() =>
    own.post<ResponseOf<typeof appCreate>>(`/v1/projects/${project.id}/apps`, { name: 'web' }, appKey),
  );
  acknowledged.apps.push(app.id);
}

/** A sign-up whose answer was lost has happened: the address is taken, and by us. */
async function signUpOrIn(api: Api, account: object, credentials: object): Promise<string> {
  try {
    return (await api.post<ResponseOf<typeof sessionSignIn>>('/v1/auth/sign-up', account)).accessToken;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    return (await api.post<ResponseOf<typeof sessionSignIn>>('/v1/auth/sign-in', credentials)).accessToken;
  }
}

/** Tries again while the platform says "later" or does not answer; any other answer is a fault of the platform. */
async function untilAnswered<T>(request: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const isAnswer = error instanceof ApiError && error.status < 500;
      if (isAnswer || performance.now() > giveUpAt) throw error;
      await sleep(RETRY_MS * (0.5 + Math.random()));
    }
  }
}
