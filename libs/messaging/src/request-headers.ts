import { randomUUID } from 'node:crypto';
import { actorSchema, type RpcContract } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { incomingTraceparent, type Actor, type RequestContext } from '@capsule/telemetry';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { needsToken } from './rpc-access.js';

/**
 * The context of a request as NATS headers. Nobody is believed for tenant and actor: the access token beside them has
 * to say the same (CallerVerifier), and a contract that needs no token knows neither of the three. The token goes no
 * further than to who verifies it: it is no part of the context that the service works in.
 */
const REQUEST_ID = 'Capsule-Request-Id';
const TENANT_ID = 'Capsule-Tenant-Id';
const ACTOR = 'Capsule-Actor';
const DEADLINE = 'Capsule-Deadline';
const IDEMPOTENCY_KEY = 'Capsule-Idempotency-Key';
const TRACEPARENT = 'traceparent';
const ACCESS_TOKEN = 'Capsule-Access-Token';

/** @param deadlineAt epoch milliseconds after which nobody waits for the answer */
export function toHeaders(
  contract: RpcContract,
  context: RequestContext | undefined,
  deadlineAt: number,
): MsgHdrs {
  const result = headers();
  result.append(REQUEST_ID, context?.requestId ?? randomUUID());
  result.append(DEADLINE, String(deadlineAt));
  if (context?.idempotencyKey) result.append(IDEMPOTENCY_KEY, context.idempotencyKey);
  if (context?.traceparent) result.append(TRACEPARENT, context.traceparent);
  if (!needsToken(contract)) return result;
  if (context?.tenantId) result.append(TENANT_ID, context.tenantId);
  if (context?.actor) result.append(ACTOR, JSON.stringify(context.actor));
  if (context?.accessToken) result.append(ACCESS_TOKEN, context.accessToken);
  return result;
}

/** @throws DomainError platform.request.malformed when a header cannot be read */
export function fromHeaders(contract: RpcContract, received: MsgHdrs | undefined): RequestContext {
  // Looked up by ourselves: each get() of the client's would go through all of them.
  const values = new Map(received);
  const read = (name: string) => values.get(name)?.[0] || undefined;
  const readProved = (name: string) => (needsToken(contract) ? read(name) : undefined);
  return {
    requestId: read(REQUEST_ID) ?? randomUUID(),
    traceparent: incomingTraceparent(read(TRACEPARENT)),
    tenantId: readProved(TENANT_ID),
    actor: readActor(readProved(ACTOR)),
    deadlineAt: readDeadline(read(DEADLINE)),
    idempotencyKey: read(IDEMPOTENCY_KEY),
  };
}

/** As it came: whether it is one is the verifier's to say. */
export function readAccessToken(received: MsgHdrs | undefined): string | undefined {
  return received?.get(ACCESS_TOKEN) || undefined;
}

function readDeadline(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const deadlineAt = Number(value);
  if (!Number.isFinite(deadlineAt)) throw malformed(DEADLINE);
  return deadlineAt;
}

function readActor(value: string | undefined): Actor | undefined {
  if (value === undefined) return undefined;
  try {
    return actorSchema.parse(JSON.parse(value));
  } catch (cause) {
    throw malformed(ACTOR, cause);
  }
}

function malformed(header: string, cause?: unknown): DomainError {
  return new DomainError('platform.request.malformed', {
    detail: `The header ${header} cannot be read.`,
    cause,
  });
}
