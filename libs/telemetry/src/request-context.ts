import { AsyncLocalStorage } from 'node:async_hooks';

export interface Actor {
  type: 'user' | 'service' | 'system';
  id: string;
  role?: string;
}

/** What rides with a request through HTTP and RPC headers, and but for the token into outbox rows, events and log lines. */
export interface RequestContext {
  readonly requestId: string;
  /** W3C trace context of the span that is open now. */
  readonly traceparent?: string;
  readonly tenantId?: string;
  readonly actor?: Actor;
  /** Epoch milliseconds after which nobody waits for the answer. */
  readonly deadlineAt?: number;
  readonly idempotencyKey?: string;
  /**
   * Proves tenant and actor to the services that are asked. Only the gateway has it, from admission until the request
   * is answered: named so that redaction hides it, and never to be written anywhere.
   */
  readonly accessToken?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/**
 * The tenant of the request. Its absence is a programming error: the RPC server has refused a request without one
 * before a handler of a tenant's contract runs.
 */
export function requireTenant(): string {
  const tenantId = storage.getStore()?.tenantId;
  if (tenantId === undefined) throw new Error('There is no tenant in the context of this work.');
  return tenantId;
}
