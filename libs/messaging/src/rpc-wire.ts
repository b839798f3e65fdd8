import { DomainError } from '@capsule/errors';

/** What Nest's NATS transport puts on the wire, so that a plain Nest client or server understands us. */
export interface RequestPacket {
  pattern: string;
  id: string;
  data?: unknown;
}

export type ResponsePacket =
  { id: string; isDisposed: true; response: unknown } | { id: string; isDisposed: true; err: unknown };

/**
 * The pattern must repeat the subject: JetStream delivers a pulled event to whatever reply subject the puller
 * names, and so an event could otherwise be passed off as a request.
 * @throws DomainError platform.request.malformed
 */
export function readRequestPacket(text: string, subject: string): RequestPacket {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('platform.request.malformed', { detail: 'The request is not JSON.', cause });
  }
  if (!isRequestPacket(parsed) || parsed.pattern !== subject) {
    throw new DomainError('platform.request.malformed', {
      detail: 'The message is no request to this subject.',
    });
  }
  return parsed;
}

/** By hand, since it is on the way of every request and has three fields. */
function isRequestPacket(value: unknown): value is RequestPacket {
  if (typeof value !== 'object' || value === null) return false;
  const { pattern, id } = value as Partial<Record<keyof RequestPacket, unknown>>;
  return typeof pattern === 'string' && typeof id === 'string';
}
