import { DomainError } from '@capsule/errors';
import { z } from 'zod';

/** What Nest's NATS transport puts on the wire, so that a plain Nest client or server understands us. */
const requestPacket = z.object({ pattern: z.string(), id: z.string(), data: z.unknown() });

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
  const packet = requestPacket.safeParse(parsed);
  if (!packet.success || packet.data.pattern !== subject) {
    throw new DomainError('platform.request.malformed', {
      detail: 'The message is no request to this subject.',
    });
  }
  return packet.data;
}
