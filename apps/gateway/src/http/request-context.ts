import type { Endpoint } from '@capsule/contracts';
import { incomingTraceparent, type RequestContext } from '@capsule/telemetry';
import type { FastifyRequest } from 'fastify';
import './caller.js';
import { readIdempotencyKey } from './idempotency-key.js';

/**
 * What rides with the request from here on: who asks and for which organization (from the verified token, never from
 * what the request says of itself), until when somebody waits, and what ties log lines together.
 * @throws DomainError platform.request.invalid when the idempotency key is malformed
 */
export function requestContext(endpoint: Endpoint, request: FastifyRequest): RequestContext {
  const { caller, headers } = request;
  const traceparent = headers['traceparent'];
  return {
    requestId: request.id,
    traceparent: incomingTraceparent(typeof traceparent === 'string' ? traceparent : undefined),
    tenantId: caller?.tenantId,
    actor: caller ? { type: 'user', id: caller.userId, role: caller.role } : undefined,
    deadlineAt: Date.now() + endpoint.rpc.timeoutMs,
    idempotencyKey: readIdempotencyKey(endpoint.method, headers['idempotency-key']),
  };
}
