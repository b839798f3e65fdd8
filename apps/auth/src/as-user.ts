import { randomUUID } from 'node:crypto';
import { currentContext, runInContext } from '@capsule/telemetry';

/**
 * Runs work in the name of a user who has just become known: audit columns, events and log lines then carry that user
 * and the organization, as they do for requests that come with a token.
 */
export function asUser<T>(user: { tenantId: string; userId: string }, work: () => T): T {
  const context = currentContext() ?? { requestId: randomUUID() };
  const { tenantId, userId } = user;
  return runInContext({ ...context, tenantId, actor: { type: 'user', id: userId } }, work);
}
