import { randomUUID } from 'node:crypto';
import { actorSchema } from '@capsule/contracts';
import { DomainError } from '@capsule/errors';
import { incomingTraceparent, type Actor, type RequestContext } from '@capsule/telemetry';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

/**
 * The context of a request as NATS headers. Callers are trusted for it as far as NATS lets them call at all:
 * only the processes a contract names may publish to its subject.
 */
const REQUEST_ID = 'Capsule-Request-Id';
const TENANT_ID = 'Capsule-Tenant-Id';
const ACTOR = 'Capsule-Actor';
const DEADLINE = 'Capsule-Deadline';
const IDEMPOTENCY_KEY = 'Capsule-Idempotency-Key';
const TRACEPARENT = 'traceparent';

/** @param deadlineAt epoch milliseconds after which nobody waits for the answer */
export function toHeaders(context: RequestContext | undefined, deadlineAt: number): MsgHdrs {
  const result = headers();
  result.append(REQUEST_ID, context?.requestId ?? randomUUID());
  result.append(DEADLINE, String(deadlineAt));
  if (context?.tenantId) result.append(TENANT_ID, context.tenantId);
  if (context?.actor) result.append(ACTOR, JSON.stringify(context.actor));
  if (context?.idempotencyKey) result.append(IDEMPOTENCY_KEY, context.idempotencyKey);
  if (context?.traceparent) result.append(TRACEPARENT, context.traceparent);
  return result;
}

/** @throws DomainError platform.request.malformed when a header can not be read */
export function fromHeaders(received: MsgHdrs | undefined): RequestContext {
  const read = (name: string) => received?.get(name) || undefined;
  return {
    requestId: read(REQUEST_ID) ?? randomUUID(),
    traceparent: incomingTraceparent(read(TRACEPARENT)),
    tenantId: read(TENANT_ID),
    actor: readActor(read(ACTOR)),
    deadlineAt: readDeadline(read(DEADLINE)),
    idempotencyKey: read(IDEMPOTENCY_KEY),
  };
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
    detail: `The header ${header} can not be read.`,
    cause,
  });
}
