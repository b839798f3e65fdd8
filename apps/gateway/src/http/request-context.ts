import type { Endpoint, RpcContract } from '@capsule/contracts';
import {
  currentContext,
  incomingTraceparent,
  inSpan,
  type RequestContext,
  runInContext,
} from '@capsule/telemetry';
import { bearerToken } from '@capsule/security/authentication';
import type { FastifyRequest } from 'fastify';
import './caller.js';
import { readIdempotencyKey } from './idempotency-key.js';

/**
 * Runs the work of a route in the context of its request, and in the server's span of it.
 * @throws DomainError platform.request.invalid when the idempotency key is malformed
 */
export function contextRunner(endpoint: Endpoint) {
  const name = `${endpoint.method} ${endpoint.path}`;
  const attributes = { 'http.request.method': endpoint.method, 'http.route': endpoint.path };
  return <T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> =>
    runInContext(requestContext(endpoint, request), () => inSpan(name, attributes, work, 'server'));
}

/** For a call that comes after work of no known length: its time begins now, not with the request. */
export function withNewDeadline<T>({ timeoutMs }: RpcContract, work: () => Promise<T>): Promise<T> {
  const context = currentContext();
  return context ? runInContext({ ...context, deadlineAt: Date.now() + timeoutMs }, work) : work();
}

/**
 * What rides with the request from here on: who asks and for which organization (from the verified token, never from
 * what the request says of itself), the token itself for the services, which believe nothing less, until when somebody
 * waits, and what ties log lines together.
 */
function requestContext(endpoint: Endpoint, request: FastifyRequest): RequestContext {
  const { caller, headers } = request;
  const traceparent = headers['traceparent'];
  return {
    requestId: request.id,
    traceparent: incomingTraceparent(typeof traceparent === 'string' ? traceparent : undefined),
    tenantId: caller?.tenantId,
    actor: caller ? { type: 'user', id: caller.userId, role: caller.role } : undefined,
    deadlineAt: Date.now() + endpoint.rpc.timeoutMs,
    accessToken: caller && bearerToken(request),
    idempotencyKey: readIdempotencyKey(endpoint, headers['idempotency-key']),
  };
}
